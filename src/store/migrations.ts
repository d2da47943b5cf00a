/**
 * The tables of the store, as an ordered list of steps: a step that has been released is never edited, only followed.
 * Times are milliseconds since 1970. A non-finite number is NULL. Metric points and texts are clustered by run, so that
 * one series or one evaluation is one range of pages.
 */

export interface Migration {
  readonly name: string;
  readonly sql: string;
}

export const migrations: readonly Migration[] = [
  {
    name: 'runs with their parameters, metrics, evaluations and diary',
    sql: `
      CREATE TABLE runs (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'completed', 'stopped', 'failed', 'interrupted')),
        created_at INTEGER NOT NULL,
        started_at INTEGER,
        ended_at INTEGER,
        heartbeat_at INTEGER,
        stop_requested_at INTEGER,
        model TEXT NOT NULL,
        device TEXT,
        seed INTEGER NOT NULL,
        phase TEXT,
        step INTEGER NOT NULL DEFAULT 0,
        total_steps INTEGER,
        eta_seconds REAL,
        samples_per_second REAL,
        loss REAL,
        bleu_before REAL,
        bleu_after REAL,
        last_seq INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE INDEX runs_unfinished ON runs (state) WHERE state IN ('pending', 'running');

      -- What is read for one run at a time, kept out of the rows that the list of runs walks through.
      CREATE TABLE run_details (
        run INTEGER PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
        runner_pid INTEGER,
        runner_process_start TEXT,
        runner_boot_id TEXT,
        runner_hostname TEXT,
        trainer_pid INTEGER,
        versions TEXT NOT NULL DEFAULT '{}',
        git_commit TEXT,
        git_dirty INTEGER,
        lockfile_hash TEXT,
        data_hash TEXT,
        train_size INTEGER,
        validation_size INTEGER,
        parameter_count INTEGER,
        end_reason TEXT,
        end_hint TEXT,
        exit_code INTEGER,
        signal TEXT,
        stderr_tail TEXT,
        experiment TEXT NOT NULL
      ) STRICT;

      CREATE TABLE parameters (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        path TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (run, path)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE metric_points (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        metric TEXT NOT NULL,
        step INTEGER NOT NULL,
        value REAL,
        time INTEGER NOT NULL,
        PRIMARY KEY (run, metric, step)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE evaluations (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        stage TEXT NOT NULL CHECK (stage IN ('before', 'epoch', 'after')),
        step INTEGER NOT NULL,
        epoch REAL NOT NULL,
        sentences INTEGER NOT NULL,
        loss REAL,
        loss_per_token REAL,
        bleu REAL NOT NULL,
        bleu_counts TEXT NOT NULL,
        bleu_totals TEXT NOT NULL,
        bleu_precisions TEXT NOT NULL,
        brevity_penalty REAL NOT NULL,
        system_length INTEGER NOT NULL,
        reference_length INTEGER NOT NULL,
        signature TEXT NOT NULL,
        decoding TEXT NOT NULL,
        duration_seconds REAL NOT NULL,
        time INTEGER NOT NULL,
        UNIQUE (run, stage, step)
      ) STRICT;

      -- A validation sentence is kept once, its translations once for each evaluation.
      CREATE TABLE sentences (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        sentence INTEGER NOT NULL,
        source TEXT NOT NULL,
        reference TEXT NOT NULL,
        PRIMARY KEY (run, sentence)
      ) STRICT, WITHOUT ROWID;

      -- Keyed by stage and step and not by evaluation: translations arrive before the score of their evaluation.
      CREATE TABLE hypotheses (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        stage TEXT NOT NULL,
        step INTEGER NOT NULL,
        sentence INTEGER NOT NULL,
        hypothesis TEXT NOT NULL,
        PRIMARY KEY (run, stage, step, sentence)
      ) STRICT, WITHOUT ROWID;

      -- The before/after record: only there when both evaluations can be compared.
      CREATE TABLE comparisons (
        run INTEGER PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
        before_evaluation INTEGER NOT NULL REFERENCES evaluations ON DELETE CASCADE,
        after_evaluation INTEGER NOT NULL REFERENCES evaluations ON DELETE CASCADE,
        signature TEXT NOT NULL,
        bleu_delta REAL NOT NULL,
        loss_delta REAL
      ) STRICT;

      CREATE TABLE samples (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        step INTEGER NOT NULL,
        sentence INTEGER NOT NULL,
        source TEXT NOT NULL,
        reference TEXT NOT NULL,
        hypothesis TEXT NOT NULL,
        time INTEGER NOT NULL,
        PRIMARY KEY (run, step, sentence)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE checkpoints (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        step INTEGER NOT NULL,
        epoch REAL NOT NULL,
        path TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        removed_at INTEGER,
        PRIMARY KEY (run, step)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE line_problems (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        number INTEGER NOT NULL,
        file TEXT NOT NULL,
        line INTEGER NOT NULL,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL,
        PRIMARY KEY (run, number)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE events (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        time INTEGER NOT NULL,
        type TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (run, seq)
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    // SQLite cannot take NOT NULL from a column: the table is made anew, and so is the one that refers to it, whose rows
    // would go with the old table.
    name: 'evaluations of the loss alone have no score',
    sql: `
      CREATE TABLE kept_comparisons AS SELECT * FROM comparisons;
      DROP TABLE comparisons;
      ALTER TABLE evaluations RENAME TO scored_evaluations;
      CREATE TABLE evaluations (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        stage TEXT NOT NULL CHECK (stage IN ('before', 'epoch', 'after')),
        step INTEGER NOT NULL,
        epoch REAL NOT NULL,
        sentences INTEGER NOT NULL,
        loss REAL,
        loss_per_token REAL,
        -- From here to decoding: all NULL or none.
        bleu REAL,
        bleu_counts TEXT,
        bleu_totals TEXT,
        bleu_precisions TEXT,
        brevity_penalty REAL,
        system_length INTEGER,
        reference_length INTEGER,
        signature TEXT,
        decoding TEXT,
        duration_seconds REAL NOT NULL,
        time INTEGER NOT NULL,
        UNIQUE (run, stage, step)
      ) STRICT;
      INSERT INTO evaluations SELECT * FROM scored_evaluations;
      DROP TABLE scored_evaluations;
      CREATE TABLE comparisons (
        run INTEGER PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
        before_evaluation INTEGER NOT NULL REFERENCES evaluations ON DELETE CASCADE,
        after_evaluation INTEGER NOT NULL REFERENCES evaluations ON DELETE CASCADE,
        signature TEXT NOT NULL,
        bleu_delta REAL NOT NULL,
        loss_delta REAL
      ) STRICT;
      INSERT INTO comparisons SELECT * FROM kept_comparisons;
      DROP TABLE kept_comparisons;
    `,
  },
  {
    name: 'runs that are taken up again, or start from a checkpoint of another',
    sql: `
      -- How long the run had worked, milliseconds, before its trainer started for the last time.
      ALTER TABLE runs ADD COLUMN earlier_ms INTEGER NOT NULL DEFAULT 0;
      -- The checkpoint that a run began from, and the run that this was of where its folder tells.
      ALTER TABLE run_details ADD COLUMN resumed_from TEXT;
      ALTER TABLE run_details ADD COLUMN parent_run TEXT;
    `,
  },
  {
    name: 'runners in containers, which may share host name and boot',
    sql: `
      ALTER TABLE run_details ADD COLUMN runner_pid_namespace TEXT;
    `,
  },
];
