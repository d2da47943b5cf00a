/** Deletes a run that has ended, once nobody writes into its folder any more. */
import type { RunState } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { waitForOrphanedTrainer } from './orphaned-trainer.ts';

/** An orphan ends within 2 s; whoever deletes looks on meanwhile. */
const PATIENCE_MS = 5_000;
/** Ends that a runner may not have seen to: the trainer can outlive it. */
const MAY_LEAVE_A_TRAINER: readonly RunState[] = ['interrupted', 'failed'];

/**
 * @param patienceMs  how long to wait for a trainer that outlives its runner: it would make the folder anew
 * @throws {StoreError} when the run goes on, when its trainer does, and when its folder cannot be removed
 */
export async function deleteRun(store: Store, id: string, patienceMs = PATIENCE_MS): Promise<void> {
  const run = store.readRun(id);
  if (run !== null && MAY_LEAVE_A_TRAINER.includes(run.state)) await waitForOrphanedTrainer(run, patienceMs);
  store.deleteRun(id);
}
