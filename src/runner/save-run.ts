/** Asks the runner of a run, a process of its own, for a checkpoint now. */
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import type { CheckpointRow } from '../store/rows.ts';
import { isUnfinished } from '../store/run-state.ts';
import type { Store } from '../store/store.ts';
import { isAlive, placeOf } from './process-identity.ts';

const LOOK_EVERY_MS = 100;

/**
 * Sends the runner SIGUSR2, on which the run saves after its step and goes on.
 *
 * @returns what waits for the checkpoint, for so many milliseconds; it gives null when there is none by then, or the run
 *          ended before its next step
 * @throws {StoreError} when the run is unknown, is not running, or cannot be reached
 */
export function saveRun(store: Store, id: string): (waitMs: number) => Promise<CheckpointRow | null> {
  const { id: runId, state, runner } = store.findRun(id);
  if (!isUnfinished(state) || runner === null || isAlive(runner) === false) {
    throw new StoreError(`Run ${runId} is not running: there is nothing to save.`, {
      hint: 'bleubird ls shows which runs go on.',
    });
  }
  if (isAlive(runner) === null) {
    throw new StoreError(`Run ${runId} runs ${placeOf(runner)}.`, { hint: 'Save it from there.' });
  }
  const askedAt = Date.now();
  try {
    process.kill(runner.pid, 'SIGUSR2');
  } catch (cause) {
    throw new StoreError(`Run ${runId}: its process ${runner.pid} cannot be signalled.`, { cause });
  }
  return (waitMs) => checkpointSince(store, runId, askedAt, askedAt + waitMs);
}

async function checkpointSince(store: Store, id: string, askedAt: number, end: number): Promise<CheckpointRow | null> {
  for (;;) {
    const hasEnded = !isUnfinished(store.findRun(id).state); // looked at first: its last checkpoint comes before its end
    const saved = store.checkpoints(id).find(({ createdAt }) => createdAt >= askedAt);
    if (saved !== undefined) return saved;
    if (hasEnded || Date.now() >= end) return null;
    await sleep(LOOK_EVERY_MS);
  }
}
