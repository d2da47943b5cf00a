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
  const before = new Set(store.checkpoints(runId).map(nameOf));
  try {
    process.kill(runner.pid, 'SIGUSR2');
  } catch (cause) {
    throw new StoreError(`Run ${runId}: its process ${runner.pid} cannot be signalled.`, { cause });
  }
  const askedAt = performance.now();
  return (waitMs) => checkpointBeyond(store, runId, before, askedAt + waitMs);
}

/** By the time alone a checkpoint would not be known: the clock may be set back meanwhile. */
function nameOf({ step, createdAt }: CheckpointRow): string {
  return `${step} ${createdAt}`;
}

async function checkpointBeyond(
  store: Store,
  id: string,
  before: ReadonlySet<string>,
  end: number,
): Promise<CheckpointRow | null> {
  for (;;) {
    const hasEnded = !isUnfinished(store.findRun(id).state); // looked at first: its last checkpoint comes before its end
    const saved = store.checkpoints(id).find((row) => !before.has(nameOf(row)));
    if (saved !== undefined) return saved;
    if (hasEnded || performance.now() >= end) return null;
    await sleep(LOOK_EVERY_MS);
  }
}
