/** The runs that a command names. */
import { withTrueStates } from '../runner/true-states.ts';
import type { RunRecord } from '../store/rows.ts';
import type { Store } from '../store/store.ts';

/**
 * Gives the runs in the order they are named, each once, as they are: a dead one as ended, whatever the store was last told.
 *
 * @param typed  ids, their beginnings, or "last"
 * @throws {StoreError} when one is not there, with the nearest
 */
export function findRuns(typed: readonly string[], store: Store, now: number): RunRecord[] {
  const found = new Map(typed.map((word) => store.findRun(word)).map((run) => [run.id, run]));
  return withTrueStates([...found.values()], store, now);
}
