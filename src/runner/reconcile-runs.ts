/** Finds runs that claim to be going on although their runner is dead, and records how they ended. */
import { StoreError } from '../errors.ts';
import type { RunRecord } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { trainerLivesOn } from './orphaned-trainer.ts';
import { parseEnvelope } from './parse-envelope.ts';
import { isAlive } from './process-identity.ts';
import { SILENCE_OF_ANOTHER_HOST_MS } from './silence.ts';

/**
 * Records the ends, and what trainers told that went on for a moment without their runner, once they have ended.
 * Cheap enough for once a second.
 *
 * @returns how many runs claimed to be going on
 * @throws {StoreError}
 */
export function reconcileRuns(store: Store, now = Date.now()): number {
  const dead = deadRuns(store, now);
  for (const run of dead) recordEnd(store, run);
  for (const run of abandonedRuns(store)) {
    recordEnd(store, run);
    store.markTrainerGone(run.id, run.runner);
  }
  return dead.length;
}

/** Gives back the interrupted runs whose trainer may have told more since, and has ended. @throws {StoreError} */
export function abandonedRuns(store: Store): RunRecord[] {
  // Of a runner that cannot be seen from here, the trainer cannot either.
  const isGone = (run: RunRecord) => run.runner !== null && isAlive(run.runner) === false && !trainerLivesOn(run);
  return store.orphanedRuns().filter(isGone);
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
