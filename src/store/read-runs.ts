/** Reads runs: the list, one with all that is known, and the one a user means by what was typed. */
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import { StoreError } from '../errors.ts';
import { nearestIds } from './nearest-ids.ts';
import type { RunRecord, RunSummary } from './rows.ts';
import { RUN_STATES, type RunState } from './run-state.ts';
import { flagColumn, jsonColumn, selectAll, selectOne } from './select.ts';

const optionalNumber = z.number().nullable();
const optionalText = z.string().nullable();

const summaryFields = {
  id: z.string(),
  name: z.string(),
  state: z.enum(RUN_STATES),
  createdAt: z.number(),
  startedAt: optionalNumber,
  endedAt: optionalNumber,
  earlierMs: z.number(),
  stopRequestedAt: optionalNumber,
  heartbeatAt: optionalNumber,
  model: z.string(),
  device: optionalText,
  seed: z.number(),
  phase: optionalText,
  step: z.number(),
  totalSteps: optionalNumber,
  etaSeconds: optionalNumber,
  samplesPerSecond: optionalNumber,
  loss: optionalNumber,
  bleuBefore: optionalNumber,
  bleuAfter: optionalNumber,
  bleuDelta: optionalNumber,
};

const summaryRow = z.object(summaryFields);
const stateRow = summaryRow.pick({ state: true });

const recordRow = z.object({
  ...summaryFields,
  experiment: jsonColumn(z.unknown()),
  runnerPid: optionalNumber,
  runnerProcessStart: optionalText,
  runnerBootId: optionalText,
  runnerPidNamespace: optionalText,
  runnerHostname: optionalText,
  trainerPid: optionalNumber,
  versions: jsonColumn(z.record(z.string(), z.string())),
  gitCommit: optionalText,
  gitDirty: flagColumn,
  lockfileHash: optionalText,
  dataHash: optionalText,
  trainSize: optionalNumber,
  validationSize: optionalNumber,
  parameterCount: optionalNumber,
  resumedFrom: optionalText,
  parentRun: optionalText,
  endReason: optionalText,
  endHint: optionalText,
  exitCode: optionalNumber,
  signal: optionalText,
  stderrTail: optionalText,
});

// The difference is taken from the comparison: scores that cannot be compared have none.
const SUMMARY_COLUMNS = `
  id, name, state, created_at AS createdAt, started_at AS startedAt, ended_at AS endedAt, earlier_ms AS earlierMs,
  stop_requested_at AS stopRequestedAt, heartbeat_at AS heartbeatAt, model, device, seed, phase, step, total_steps AS totalSteps, eta_seconds AS etaSeconds,
  samples_per_second AS samplesPerSecond, loss, bleu_before AS bleuBefore, bleu_after AS bleuAfter,
  bleu_delta AS bleuDelta`;

const DETAIL_COLUMNS = `
  experiment, runner_pid AS runnerPid, runner_process_start AS runnerProcessStart, runner_boot_id AS runnerBootId, runner_pid_namespace AS runnerPidNamespace,
  runner_hostname AS runnerHostname, trainer_pid AS trainerPid, versions, git_commit AS gitCommit,
  git_dirty AS gitDirty, lockfile_hash AS lockfileHash, data_hash AS dataHash, train_size AS trainSize,
  validation_size AS validationSize, parameter_count AS parameterCount, end_reason AS endReason,
  end_hint AS endHint, exit_code AS exitCode, signal, stderr_tail AS stderrTail, resumed_from AS resumedFrom,
  parent_run AS parentRun`;

const FROM_RUNS = 'FROM runs LEFT JOIN comparisons ON comparisons.run = runs.number';
const FROM_RECORDS = `${FROM_RUNS} JOIN run_details ON run_details.run = runs.number`;

/** Gives back all runs, the newest first. */
export function listRuns(database: Database): RunSummary[] {
  return selectAll(database, summaryRow, `SELECT ${SUMMARY_COLUMNS} ${FROM_RUNS} ORDER BY number DESC`);
}

/** Gives back the state of a run, null when it is not there. */
export function readState(database: Database, id: string): RunState | null {
  return selectOne(database, stateRow, 'SELECT state FROM runs WHERE id = ?', id)?.state ?? null;
}

/** Gives back all that is known of a run, or null. `runsDirectory` holds the folders of the runs. */
export function readRun(database: Database, id: string, runsDirectory: string): RunRecord | null {
  const sql = `SELECT ${SUMMARY_COLUMNS}, ${DETAIL_COLUMNS} ${FROM_RECORDS} WHERE id = ?`;
  const row = selectOne(database, recordRow, sql, id);
  return row === null ? null : toRecord(row, runsDirectory);
}

/** Gives back the runs that are pending or running, the newest first. */
export function unfinishedRuns(database: Database, runsDirectory: string): RunRecord[] {
  const sql = `SELECT ${SUMMARY_COLUMNS}, ${DETAIL_COLUMNS} ${FROM_RECORDS}
    WHERE state IN ('pending', 'running') ORDER BY number DESC`;
  return selectAll(database, recordRow, sql).map((row) => toRecord(row, runsDirectory));
}

/** Gives back the interrupted runs whose trainer is not known to have ended. */
export function orphanedRuns(database: Database, runsDirectory: string): RunRecord[] {
  const sql = `SELECT ${SUMMARY_COLUMNS}, ${DETAIL_COLUMNS} ${FROM_RECORDS}
    WHERE state = 'interrupted' AND trainer_pid IS NOT NULL ORDER BY number DESC`;
  return selectAll(database, recordRow, sql).map((row) => toRecord(row, runsDirectory));
}

/** Runs of one name that an error lists. */
const MOST_NAMED = 5;

/**
 * Gives back the run a user means: its id, a beginning that only it has, or `last`.
 * @throws {StoreError} naming the candidates or the nearest ids
 */
export function findRun(database: Database, typed: string, storeDirectory: string, runsDirectory: string): RunRecord {
  const exact = readRun(database, typed, runsDirectory);
  if (exact !== null) return exact;
  const rows = selectAll(
    database,
    z.object({ id: z.string(), name: z.string() }),
    'SELECT id, name FROM runs ORDER BY number DESC',
  );
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) {
    throw new StoreError(`There is no run "${typed}": the store ${storeDirectory} holds no run yet.`, {
      hint: 'Start one with bleubird run FILE.yaml, or name another store with --store DIR.',
    });
  }
  const candidates = typed === 'last' ? ids.slice(0, 1) : ids.filter((id) => typed !== '' && id.startsWith(typed));
  if (candidates.length > 1) {
    throw new StoreError(`"${typed}" is the beginning of ${candidates.length} runs: ${enumerate(candidates)}.`, {
      hint: 'Type one more letter.',
    });
  }
  const found = candidates[0] === undefined ? null : readRun(database, candidates[0], runsDirectory);
  if (found !== null) return found;
  const named = rows.filter(({ name }) => name === typed).map(({ id }) => id);
  if (named.length > 0) {
    const many = named.length > MOST_NAMED ? `; the newest ${MOST_NAMED} of ${named.length}` : '';
    throw new StoreError(`No run has the id "${typed}".`, {
      hint: `It is the name of ${enumerate(named.slice(0, MOST_NAMED))}${many}.`,
    });
  }
  throw new StoreError(`There is no run "${typed}". The nearest are ${enumerate(nearestIds(typed, ids))}.`, {
    hint: 'bleubird ls lists all runs; "last" is the newest.',
  });
}

function toRecord(row: z.infer<typeof recordRow>, runsDirectory: string): RunRecord {
  const { runnerPid, runnerProcessStart, runnerBootId, runnerPidNamespace, runnerHostname, ...rest } = row;
  const runner =
    runnerPid === null || runnerHostname === null
      ? null
      : {
          pid: runnerPid,
          processStart: runnerProcessStart,
          bootId: runnerBootId,
          pidNamespace: runnerPidNamespace,
          hostname: runnerHostname,
        };
  return { ...rest, runner, directory: join(runsDirectory, row.id) };
}

function enumerate(ids: readonly string[]): string {
  const shown = ids.slice(0, 5).join(', ');
  return ids.length > 5 ? `${shown} and ${ids.length - 5} more` : shown;
}
