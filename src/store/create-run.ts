/** Makes the row, the parameters and the folder of a new run. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import type { Experiment } from '../engine/config/experiment.ts';
import { StoreError } from '../errors.ts';
import { flattenExperiment } from './flatten-experiment.ts';
import type { RunnerIdentity } from './rows.ts';
import { newRunId } from './run-id.ts';

/** What is known of a run before its trainer starts. */
export interface NewRun {
  /** Made by `reserveRunId`, or chosen; a new one when left out. */
  readonly id?: string;
  readonly experiment: Experiment;
  /** Null for a run that nobody can look after, as in an import. */
  readonly runner: RunnerIdentity | null;
  /** Versions of the program and of Node; the trainer adds its own. */
  readonly versions: Readonly<Record<string, string>>;
  readonly gitCommit: string | null;
  readonly gitDirty: boolean | null;
  /** sha256 of the lock file that pins the program's dependencies, hex. */
  readonly lockfileHash: string | null;
}

/** Makes the folder of a run under a name that nobody else has or gets. @returns the id */
export function reserveRunId(database: Database, runsDirectory: string): string {
  mkdirSync(runsDirectory, { recursive: true, mode: 0o700 });
  const taken = database.prepare('SELECT 1 FROM runs WHERE id = ?');
  for (;;) {
    const id = newRunId();
    if (taken.get(id) === undefined && makeFolder(join(runsDirectory, id))) return id;
  }
}

/** Inserts the run as pending, under its id or a new one. @returns its id and key @throws {StoreError} when the id is taken */
export function createRun(
  database: Database,
  runsDirectory: string,
  run: NewRun,
  now: number,
): { id: string; number: number } {
  if (run.id !== undefined) return { id: run.id, number: insertRun(database, run.id, run, now) };
  const id = reserveRunId(database, runsDirectory);
  try {
    return { id, number: insertRun(database, id, run, now) };
  } catch (error) {
    rmSync(join(runsDirectory, id), { recursive: true, force: true }); // without a run nobody would ever find it
    throw error;
  }
}

/** Inserts the run as pending. @returns its key @throws {StoreError} when the id is taken */
function insertRun(database: Database, id: string, run: NewRun, now: number): number {
  const insert = database.transaction(() => {
    if (database.prepare('SELECT 1 FROM runs WHERE id = ?').get(id) !== undefined) {
      throw new StoreError(`There is already a run ${id}.`, { hint: 'Leave the id out to get a new one.' });
    }
    const { experiment, runner } = run;
    const { lastInsertRowid } = database
      .prepare(
        `INSERT INTO runs (id, name, state, created_at, heartbeat_at, model, seed)
         VALUES (?, ?, 'pending', ?, ?, ?, ?)`,
      )
      .run(id, experiment.name, now, now, experiment.model, experiment.training.seed);
    const number = Number(lastInsertRowid);
    database
      .prepare(
        `INSERT INTO run_details (run, runner_pid, runner_process_start, runner_boot_id, runner_hostname, versions,
           git_commit, git_dirty, lockfile_hash, experiment)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        number,
        runner?.pid ?? null,
        runner?.processStart ?? null,
        runner?.bootId ?? null,
        runner?.hostname ?? null,
        JSON.stringify(run.versions),
        run.gitCommit,
        run.gitDirty === null ? null : Number(run.gitDirty),
        run.lockfileHash,
        JSON.stringify(experiment),
      );
    const parameter = database.prepare('INSERT INTO parameters VALUES (?, ?, ?)');
    for (const [path, value] of flattenExperiment(experiment)) parameter.run(number, path, value);
    return number;
  });
  return insert.immediate();
}

/** @returns false when there already was one */
function makeFolder(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
