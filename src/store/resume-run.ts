/** Takes a run that has ended up again: its rows go on where a checkpoint left off. */
import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import { StoreError } from '../errors.ts';
import { prepareDiary } from './diary.ts';
import type { RunnerIdentity } from './rows.ts';
import { isResumable, RUN_STATES } from './run-state.ts';
import { selectOne } from './select.ts';

const endedRow = z.object({
  number: z.number(),
  lastSeq: z.number(),
  state: z.enum(RUN_STATES),
  endedAt: z.number().nullable(),
});

export type EndedRun = z.infer<typeof endedRow>;

/**
 * Makes an ended run pending for a new runner; its series stay as they are until its trainer says where it goes on.
 *
 * @param isAbout  called with what the run was when nothing but the commit is left to do
 * @returns the run's key and the number of its last event
 * @throws {StoreError} unless the run was interrupted, failed or stopped: of two that want it at once, one gets it
 */
export function resumeRun(
  database: Database,
  id: string,
  runner: RunnerIdentity,
  now: number,
  isAbout: (was: EndedRun) => void = () => {},
): { number: number; lastSeq: number } {
  const resume = database.transaction(() => {
    const sql = 'SELECT number, last_seq AS lastSeq, state, ended_at AS endedAt FROM runs WHERE id = ?';
    const run = selectOne(database, endedRow, sql, id);
    if (run === null) throw new StoreError(`There is no run ${id}.`);
    if (!isResumable(run.state)) {
      throw new StoreError(`Run ${id} is ${run.state} and cannot be resumed.`, {
        hint: 'Only a run that was interrupted, stopped or failed can be.',
      });
    }
    takeUp(database, run, runner, now);
    isAbout(run);
    return { number: run.number, lastSeq: run.lastSeq };
  });
  return resume.immediate();
}

/** Makes a run pending for a new runner, whatever it was. The caller holds the transaction. */
export function takeUp(
  database: Database,
  { number, state }: Pick<EndedRun, 'number' | 'state'>,
  runner: RunnerIdentity,
  now: number,
): void {
  database
    .prepare(
      `UPDATE runs SET state = 'pending', heartbeat_at = ?, started_at = NULL, ended_at = NULL,
           earlier_ms = earlier_ms + coalesce(max(0, ended_at - started_at), 0),
           stop_requested_at = NULL, phase = NULL, eta_seconds = NULL
         WHERE number = ?`,
    )
    .run(now, number);
  database
    .prepare(
      `UPDATE run_details SET runner_pid = ?, runner_process_start = ?, runner_boot_id = ?, runner_pid_namespace = ?,
           runner_hostname = ?,
           trainer_pid = NULL, end_reason = NULL, end_hint = NULL, exit_code = NULL, signal = NULL, stderr_tail = NULL
         WHERE run = ?`,
    )
    .run(runner.pid, runner.processStart, runner.bootId, runner.pidNamespace ?? null, runner.hostname, number);
  prepareDiary(database, number)('resume', `taken up again; it was ${state}`, now);
}

/**
 * Gives back a function that forgets what a run had beyond a step, and its final evaluation: the trainer makes them again.
 * The diary keeps its lines. The caller holds the transaction.
 */
export function prepareForgetting(database: Database, number: number): (step: number) => void {
  const beyond = ['metric_points', 'samples', 'checkpoints'].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE run = @number AND step > @step`),
  );
  // The evaluation after training has the step of the best model where that is loaded: its stage decides.
  const made = ['hypotheses', 'evaluations'].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE run = @number AND (step > @step OR stage = 'after')`),
  );
  const comparison = database.prepare('DELETE FROM comparisons WHERE run = @number');
  const summary = database.prepare(`
    UPDATE runs SET step = @step, bleu_after = NULL, eta_seconds = NULL,
      loss = (SELECT value FROM metric_points WHERE run = @number AND metric = 'loss' ORDER BY step DESC LIMIT 1)
    WHERE number = @number`);
  return (step) => {
    for (const statement of [...beyond, comparison, ...made]) {
      statement.run(statement === comparison ? { number } : { number, step });
    }
    summary.run({ number, step });
  };
}
