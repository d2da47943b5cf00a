/** One round of the campaign: a run, a fault at a random moment, and what must be true after it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSafetensors } from '../../src/engine/model/safetensors.ts';
import { AppError } from '../../src/errors.ts';
import { examineStore } from '../../src/runner/examine-store.ts';
import { reconcileRuns } from '../../src/runner/reconcile-runs.ts';
import { repairStore } from '../../src/runner/repair-store.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import type { Fault, Random } from './faults.ts';
import { Screens } from './screens.ts';
import { Toy } from './toy.ts';
import { STEPS, undisturbed } from './toy-training.ts';

const RUN = 'toy';
const PATIENCE_MS = 60_000;
/** A full disk is seen, waited for and tried again meanwhile. */
const PASSES_AFTER_MS = 2_500;

/** Gives back what was found wrong after the fault, a line each, none when all held. */
export async function playRound(fault: Fault, random: Random): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'bleubird-fault-'));
  if (fault.needsTmpfs) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', directory]);
  try {
    return await play(fault, directory, random);
  } catch (error) {
    return [`the round itself failed: ${error instanceof Error ? error.stack : String(error)}`];
  } finally {
    if (fault.needsTmpfs) execFileSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true, force: true });
  }
}

async function play(fault: Fault, directory: string, random: Random): Promise<string[]> {
  const wrong: string[] = [];
  const runDirectory = join(directory, 'runs', RUN);
  const model = join(directory, 'model');
  mkdirSync(model);
  writeFileSync(join(model, 'config.json'), '{}');
  const toy = new Toy(directory, RUN, 'run', model);
  if (fault.name.includes('looks on')) {
    await toy.reach(1);
    toy.watch(directory, RUN);
  }
  let screens: Screens | null = null;
  if (fault.signal !== undefined) {
    await toy.reach(1);
    screens = new Screens(directory, RUN);
  }
  await toy.reach(1 + random(STEPS - 1));
  if (screens !== null && fault.signal !== undefined) {
    if (!(await screens.appear())) wrong.push('the screens did not appear');
    const disorder = await screens.end(fault.signal);
    if (disorder !== null) wrong.push(disorder);
  }
  const undo = fault.apply({ toy, directory, runDirectory, random });
  if (fault.passes) await sleep(PASSES_AFTER_MS).then(undo);
  const outlived = await toy.finish(PATIENCE_MS);
  if (!fault.passes) undo?.();
  if (outlived !== null) wrong.push(outlived);
  if (fault.passes && toy.state !== 'completed')
    wrong.push(`the fault passed, and the run is ${toy.state}: ${toy.stderr}`);
  await examine(directory, toy, wrong);
  await goOn(directory, model, wrong);
  return wrong;
}

/** The state is true, and every point that was told of is there, if need be after a repair. */
async function examine(directory: string, toy: Toy, wrong: string[]): Promise<void> {
  const startMs = performance.now();
  const state = trueState(directory);
  if (performance.now() - startMs > 2_000) wrong.push('the state took more than 2 s');
  if (state.includes('running') || state.includes('pending')) wrong.push(`the run is still ${state}`);
  const before = await examineStore(directory).catch((error: unknown) => {
    wrong.push(`the check failed: ${String(error)}`);
    return null;
  });
  const repair = await repairStore(directory, Date.now);
  if (before?.findings.every(({ severity }) => severity === 'note') && repair.done.length > 0) {
    wrong.push(`a sound store was repaired: ${repair.done.join('; ')}`);
  }
  const left = repair.left.filter(({ severity }) => severity === 'problem');
  for (const { message } of left) wrong.push(`left after the repair: ${message}`);
  const store = openStore(directory);
  const expected = undisturbed();
  const points = new Map(store.metricSeries(RUN, 'w3').map(({ step, value }) => [step, value]));
  const lost = [...toy.acknowledged].filter((step) => points.get(step) !== expected[step - 1]?.[3]);
  if (lost.length > 0)
    wrong.push(`${lost.length} of ${toy.acknowledged.size} acknowledged steps lost: ${lost.slice(0, 5)}`);
  store.close();
}

/** What a screen would show, or why it shows nothing: only damage may be a reason, and repair must be named. */
function trueState(directory: string): string {
  let store: Store | null = null;
  try {
    store = openStore(directory);
    reconcileRuns(store);
    return store.readRun(RUN)?.state ?? 'none';
  } catch (error) {
    if (error instanceof AppError && /store repair/.test(error.hint ?? '')) return 'damaged';
    throw error;
  } finally {
    store?.close();
  }
}

/** A run that has not completed is taken up again, and ends as one that was never disturbed. */
async function goOn(directory: string, model: string, wrong: string[]): Promise<void> {
  const state = trueState(directory);
  if (state !== 'completed') {
    const toy = new Toy(directory, RUN, 'resume', model);
    const outlived = await toy.finish(PATIENCE_MS);
    if (outlived !== null) wrong.push(`resumed: ${outlived}`);
    if (toy.state !== 'completed') {
      // Nothing was saved yet, or the damage is in the only checkpoint.
      if (!/has no (sound )?checkpoint/.test(toy.stderr)) wrong.push(`not resumed: ${toy.state} ${toy.stderr}`);
      return;
    }
  }
  const expected = undisturbed();
  const store = openStore(directory);
  const series = store.metricSeries(RUN, 'loss').map(({ step, value }) => `${step} ${value}`);
  store.close();
  const whole = expected.map((weights, index) => `${index + 1} ${weights[0]}`);
  if (series.join() !== whole.join()) wrong.push(`the series has ${series.length} of ${STEPS} steps, or others`);
  const checkpoints = join(directory, 'runs', RUN, 'checkpoints');
  const last = join(checkpoints, `checkpoint-${STEPS}`, 'model.safetensors');
  if (state !== 'completed') {
    const weights = (await readSafetensors(last)).tensors.get('toy')?.data;
    if (weights?.join() !== expected.at(-1)?.join()) wrong.push('the resumed weights differ');
  }
  const leftOver = existsSync(checkpoints) ? readdirSync(checkpoints).filter((name) => name.startsWith('.')) : [];
  if (leftOver.length > 0) wrong.push(`left over: ${leftOver}`);
  const problems = (await examineStore(directory)).findings.filter(({ severity }) => severity === 'problem');
  for (const { message } of problems) wrong.push(`at the end: ${message}`);
}
