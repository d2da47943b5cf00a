/** Takes a run up again that has not completed: it ends as one that was never disturbed, with nothing half made beside it. */
import { join } from 'node:path';
import { readSafetensors } from '../../src/engine/model/safetensors.ts';
import { examineStore } from '../../src/runner/examine-store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { tellHalfMade, trueRun } from './examine.ts';
import { PATIENCE_MS, type Round, RUN } from './round-notes.ts';
import { Toy } from './toy.ts';
import { STEPS, undisturbed } from './toy-training.ts';

/** Notes what is wrong. @param excused  steps whose points may be missing */
export async function goOn(round: Round, excused: ReadonlySet<number>): Promise<void> {
  const { directory, runDirectory, modelDirectory, wrong, pids } = round;
  const run = trueRun(directory);
  if (typeof run === 'string') {
    wrong.push(`after its repair the store is without the run: ${run}`);
    return;
  }
  const isResumed = run.state !== 'completed';
  if (isResumed) {
    const toy = new Toy(directory, RUN, { how: 'resume', modelDirectory });
    const outlived = await toy.finish(PATIENCE_MS);
    pids.push(...toy.pids);
    if (outlived !== null) wrong.push(`resumed: ${outlived}`);
    tellHalfMade(round, 'by the runner that went on');
    if (toy.state !== 'completed') {
      // Nothing was saved yet, or the damage is in the only checkpoint.
      if (!/has no (sound )?checkpoint/.test(toy.stderr)) wrong.push(`not resumed: ${toy.state} ${toy.stderr}`);
      return;
    }
  }
  const expected = undisturbed();
  const store = openStore(directory);
  const series = new Map(store.metricSeries(RUN, 'loss').map(({ step, value }) => [step, value]));
  store.close();
  const isWhole = expected.every(([loss], index) => {
    const found = series.get(index + 1);
    return found === loss || (found === undefined && excused.has(index + 1));
  });
  if (!isWhole || series.size > STEPS) wrong.push(`the series has ${series.size} of ${STEPS} steps, or others`);
  if (isResumed) {
    const path = join(runDirectory, 'checkpoints', `checkpoint-${STEPS}`, 'model.safetensors');
    const weights = (await readSafetensors(path)).tensors.get('toy')?.data;
    if (weights?.join() !== expected.at(-1)?.join()) wrong.push('the resumed weights differ');
  }
  tellHalfMade(round, 'by the end');
  const problems = (await examineStore(directory)).findings.filter(({ severity }) => severity === 'problem');
  for (const { message } of problems) wrong.push(`at the end: ${message}`);
}
