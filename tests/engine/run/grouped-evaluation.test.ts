import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrainingConfig } from '../../../src/engine/config/experiment.ts';
import { demoModel } from '../../support/demo-model.ts';
import { readFixture } from '../training/numbers.ts';
import { eventsOf, RunFolder, watchRun } from './small-experiment.ts';

interface Fixture {
  readonly pairs: [source: string, target: string][];
  readonly heldOut: number;
  readonly splitSeed: number;
  readonly config: Partial<TrainingConfig>;
  /** What is evaluated, in its order. */
  readonly sources: string[];
  /** Before the training and after each epoch. */
  readonly evaluations: { readonly loss: number; readonly bleu: number }[];
}

let folder: RunFolder;
beforeAll(() => {
  folder = new RunFolder();
});
afterAll(() => folder.remove());

test.each([true, false])(
  'Under group_by_length each evaluation has the loss and BLEU of Trainer 4.47 and keeps the order of its sentences; predict_with_generate %s.',
  async (predict_with_generate) => {
    const fixture = readFixture<Fixture>('grouped-evaluation.json');
    const path = join(folder.path, 'grouped.tsv');
    writeFileSync(path, fixture.pairs.map((pair) => `${pair.join('\t')}\n`).join(''));
    const { data, generation, ...plain } = folder.experiment(
      { ...fixture.config, max_steps: -1, dropout: 0, save_strategy: 'no', predict_with_generate },
      { model: demoModel, evaluation: { before: true, after: true, references: 'decoded' } },
    );
    const corpus = { format: 'tsv', path, source_column: 1, target_column: 2 } as const;
    const { splitSeed: split_seed, heldOut: validation_size } = fixture;
    const experiment = {
      ...plain,
      data: { ...data, corpus, split_seed, validation_size },
      generation: { ...generation, max_length: 64 },
    };
    const { events, end } = await watchRun(experiment, folder.newRun());
    expect(end).toMatchObject({ reason: 'completed', step: 8 });

    const evaluations = eventsOf(events, 'evaluation');
    expect(evaluations).toHaveLength(fixture.evaluations.length);
    for (const [index, { loss, bleu }] of fixture.evaluations.entries()) {
      const found = evaluations[index];
      expect(Math.abs((found?.loss ?? Number.NaN) - loss)).toBeLessThan(2e-5); // float32 sums in another order
      if (predict_with_generate) expect(found?.bleu?.score).toBeCloseTo(bleu, 9);
    }
    for (const { items } of eventsOf(events, 'translations')) {
      expect(items.map(({ source }) => source)).toEqual(fixture.sources);
    }
  },
);
