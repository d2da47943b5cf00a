/** Finds runs that claim to be going on although their runner is dead, and marks them interrupted. */
import type { RunRecord } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { isAlive } from './process-identity.ts';

/** A runner on another host can only be judged by its silence; generous, since clocks of hosts differ. */
const SILENCE_OF_ANOTHER_HOST_MS = 5 * 60_000;

/** Gives back how many runs were marked. Cheap enough for once a second. @throws {StoreError} */
export function reconcileRuns(store: Store, now = Date.now()): number {
  const dead = store.unfinishedRuns().filter((run) => !isRunnerAlive(run, now));
  return dead.filter((run) => store.markInterrupted(run.id)).length;
}

/** Says whether a run has a living runner, as far as can be told from here. */
export function isRunnerAlive(run: RunRecord, now = Date.now()): boolean {
  if (run.runner === null) return false;
  const lastSign = run.heartbeatAt ?? run.createdAt;
  return isAlive(run.runner) ?? now - lastSign < SILENCE_OF_ANOTHER_HOST_MS;
}
