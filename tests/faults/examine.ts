/** Looks at what a fault has left: the state is true, and every point that was told of is there, if need be after a repair. */
import { AppError } from '../../src/errors.ts';
import { examineStore } from '../../src/runner/examine-store.ts';
import { reconcileRuns } from '../../src/runner/reconcile-runs.ts';
import { repairStore } from '../../src/runner/repair-store.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { RunRecord } from '../../src/store/rows.ts';
import type { Store } from '../../src/store/store.ts';
import { halfMade } from './left-over.ts';
import { type Round, RUN } from './round-notes.ts';
import type { Toy } from './toy.ts';
import { undisturbed } from './toy-training.ts';
import { wrongWords } from './trainer-death.ts';

/** Notes what is wrong. @param wasUndone  the fault lasted until the end of the run */
export async function examine(round: Round, toy: Toy, wasUndone: boolean): Promise<void> {
  const { fault, directory, wrong } = round;
  const run = trueRun(directory);
  const state = typeof run === 'string' ? run : run.state;
  if (state === 'running' || state === 'pending') wrong.push(`the run is still ${state}`);
  if (typeof run === 'string' && !fault.spoilsFiles) wrong.push(`the store is without the run: ${run}`);
  const { trainerKill, runnerKill } = toy;
  if (
    typeof run !== 'string' &&
    trainerKill !== null &&
    runnerKill === null &&
    !fault.spoilsFiles &&
    state !== 'completed'
  ) {
    const lastStep = Math.max(...toy.acknowledged.keys());
    const { memoryKillsBefore } = round;
    wrong.push(...wrongWords(run, { signal: trainerKill.signal, lastStep, memoryKillsBefore }));
  }
  if (!fault.spoilsFiles) tellLost(round, toy, 'before a repair');
  // A runner that ends by itself clears up; one that was killed, or could not, leaves it to the next.
  if (runnerKill === null && !wasUndone) tellHalfMade(round, 'by the runner');
  await repair(round);
  tellLost(round, toy, 'after a repair');
  tellHalfMade(round, 'by the repair');
}

async function repair({ directory, wrong }: Round): Promise<void> {
  const before = await examineStore(directory).catch((error: unknown) => {
    wrong.push(`the check failed: ${String(error)}`);
    return null;
  });
  const { done, left } = await repairStore(directory, Date.now);
  if (before?.findings.every(({ severity }) => severity === 'note') && done.length > 0) {
    wrong.push(`a sound store was repaired: ${done.join('; ')}`);
  }
  for (const { severity, message } of left) if (severity === 'problem') wrong.push(`left after the repair: ${message}`);
}

/**
 * Gives what a screen would show; `damaged` where the store has to be repaired, and says so, `none` where it lacks the run.
 *
 * @throws what else fails
 */
export function trueRun(directory: string): RunRecord | 'damaged' | 'none' {
  let store: Store | null = null;
  try {
    store = openStore(directory);
    reconcileRuns(store);
    return store.readRun(RUN) ?? 'none';
  } catch (error) {
    if (error instanceof AppError && /store repair/.test(error.hint ?? '')) return 'damaged';
    throw error;
  } finally {
    store?.close();
  }
}

function tellLost({ directory, fault: { mayLoseMs = 0 }, wrong }: Round, toy: Toy, when: string): void {
  const store = openStore(directory, { readOnly: true });
  const points = new Map(store.metricSeries(RUN, 'w3').map(({ step, value }) => [step, value]));
  store.close();
  const expected = undisturbed();
  const excused = excusedSteps(toy, mayLoseMs);
  const lost = [...toy.acknowledged.keys()].filter(
    (step) => points.get(step) !== expected[step - 1]?.[3] && !excused.has(step),
  );
  if (lost.length === 0) return;
  wrong.push(`${when} ${lost.length} of ${toy.acknowledged.size} acknowledged steps are lost: ${lost.slice(0, 5)}`);
}

/** Gives the steps that were recorded so shortly before the power was cut that they may be lost. */
export function excusedSteps({ acknowledged, runnerKill }: Toy, mayLoseMs: number): Set<number> {
  if (mayLoseMs === 0 || runnerKill === null) return new Set();
  const since = runnerKill.time - mayLoseMs;
  return new Set([...acknowledged].flatMap(([step, time]) => (time >= since ? [step] : [])));
}

/** @param whose  by whom it should have been removed */
export function tellHalfMade({ directory, wrong }: Round, whose: string): void {
  const paths = halfMade(directory);
  if (paths.length > 0) wrong.push(`not removed ${whose}: ${paths.join(', ')}`);
}
