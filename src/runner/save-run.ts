/** Asks the runner of a run, a process of its own, for a checkpoint now. */
import { StoreError } from '../errors.ts';
import { isUnfinished } from '../store/run-state.ts';
import type { Store } from '../store/store.ts';
import { isAlive } from './process-identity.ts';

/**
 * Sends the runner SIGUSR2, on which the run saves after its step and goes on.
 * @throws {StoreError} when the run is unknown, is not running, or cannot be reached
 */
export function saveRun(store: Store, id: string): void {
  const { id: runId, state, runner } = store.findRun(id);
  if (!isUnfinished(state) || runner === null || isAlive(runner) === false) {
    throw new StoreError(`Run ${runId} is not running: there is nothing to save.`, {
      hint: 'bleubird ls shows which runs go on.',
    });
  }
  if (isAlive(runner) === null) {
    throw new StoreError(`Run ${runId} runs on the host ${runner.hostname}.`, { hint: 'Save it from there.' });
  }
  try {
    process.kill(runner.pid, 'SIGUSR2');
  } catch (cause) {
    throw new StoreError(`Run ${runId}: its process ${runner.pid} cannot be signalled.`, { cause });
  }
}
