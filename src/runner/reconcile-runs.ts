/** Finds runs that claim to be going on although their runner is dead, and records how they ended. */
import { StoreError } from '../errors.ts';
import type { RunRecord } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { parseEnvelope } from './parse-envelope.ts';
import { isAlive } from './process-identity.ts';
import { SILENCE_OF_ANOTHER_HOST_MS } from './silence.ts';

/** Gives back how many runs there were of this kind. Cheap enough for once a second. @throws {StoreError} */
export function reconcileRuns(store: Store, now = Date.now()): number {
  const dead = deadRuns(store, now);
  for (const run of dead) recordEnd(store, run);
  return dead.length;
}

/** Gives back the runs that claim to be going on, and whose runner is dead. @throws {StoreError} */
export function deadRuns(store: Store, now: number): RunRecord[] {
  return store.unfinishedRuns().filter((run) => !isRunnerAlive(run, now));
}

/**
 * Records the end of a run whose runner is dead: what its journal tells beyond the store, as after a power cut, otherwise
 * that it was interrupted. Where the run had to be made anew for that, resuming it or a repair does.
 *
 * @throws {StoreError} when that cannot be written
 */
export function recordEnd(store: Store, { id, runner }: Pick<RunRecord, 'id' | 'runner'>): void {
  try {
    store.catchUp(id, parseEnvelope, false);
  } catch (error) {
    // Of a journal that cannot be used the check tells; a store that cannot be written says so below.
    if (!(error instanceof StoreError)) throw error;
  }
  store.markInterrupted(id, runner);
}

/** Says whether a run has a living runner, as far as can be told from here. */
export function isRunnerAlive(run: RunRecord, now = Date.now()): boolean {
  if (run.runner === null) return false;
  const lastSign = run.heartbeatAt ?? run.createdAt;
  return isAlive(run.runner) ?? now - lastSign < SILENCE_OF_ANOTHER_HOST_MS;
}
