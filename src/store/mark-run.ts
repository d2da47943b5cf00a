/** Marks that others than its runner put on a run: interrupted, asked to stop. */
import type { Database } from 'better-sqlite3';
import { prepareDiary } from './diary.ts';
import { isRunOf } from './ownership.ts';
import type { RunnerIdentity } from './rows.ts';

/** Says in words how a run ended whose runner is dead and said nothing of an end. */
export function interruption(id: string): { readonly reason: string; readonly hint: string } {
  return {
    reason:
      'Its runner is gone without a word: it was killed, the machine went down, or the store could not be written.',
    hint: `bleubird resume ${id} goes on from its newest checkpoint, if it has saved one.`,
  };
}

/**
 * @param runner  the dead one; a run that has another by now stays as it is. By default whoever it is
 * @returns whether the run was pending or running until now
 */
export function markInterrupted(database: Database, id: string, now: number, runner?: RunnerIdentity | null): boolean {
  const mark = database.transaction(() => {
    const number = unfinishedNumber(database, id);
    if (number === null) return false;
    if (runner !== undefined && !isRunOf(database, number, runner)) return false;
    // It ended when it was last heard of, not when somebody noticed.
    database
      .prepare(
        `UPDATE runs SET state = 'interrupted', ended_at = coalesce(heartbeat_at, created_at), phase = NULL,
           eta_seconds = NULL
         WHERE number = ?`,
      )
      .run(number);
    const { reason, hint } = interruption(id);
    database.prepare('UPDATE run_details SET end_reason = ?, end_hint = ? WHERE run = ?').run(reason, hint, number);
    prepareDiary(database, number)('end', `interrupted: ${reason}`, now);
    return true;
  });
  return mark.immediate();
}

/**
 * Marks an interrupted run as having no trainer any more, which may have gone on for a moment and been heard of since.
 *
 * @param runner  the dead one; a run that has another by now stays as it is
 */
export function markTrainerGone(database: Database, id: string, runner: RunnerIdentity | null): void {
  const mark = database.transaction(() => {
    const number = database.prepare("SELECT number FROM runs WHERE id = ? AND state = 'interrupted'").pluck().get(id);
    if (typeof number !== 'number' || !isRunOf(database, number, runner)) return;
    database
      .prepare(
        `UPDATE runs SET ended_at = coalesce(heartbeat_at, created_at), phase = NULL, eta_seconds = NULL
         WHERE number = ?`,
      )
      .run(number);
    database.prepare('UPDATE run_details SET trainer_pid = NULL WHERE run = ?').run(number);
  });
  mark.immediate();
}

/** Notes that a stop was asked for. @returns whether this is the first time */
export function markStopRequested(database: Database, id: string, now: number): boolean {
  const mark = database.transaction(() => {
    const number = unfinishedNumber(database, id);
    if (number === null) return false;
    const { changes } = database
      .prepare('UPDATE runs SET stop_requested_at = ? WHERE number = ? AND stop_requested_at IS NULL')
      .run(now, number);
    if (changes === 0) return false;
    prepareDiary(database, number)('stop', 'asked to stop after its step', now);
    return true;
  });
  return mark.immediate();
}

function unfinishedNumber(database: Database, id: string): number | null {
  const sql = "SELECT number FROM runs WHERE id = ? AND state IN ('pending', 'running')";
  const number = database.prepare(sql).pluck().get(id);
  return typeof number === 'number' ? number : null;
}
