import { expect, test } from 'vitest';
import type { Strategy } from '../../../src/engine/config/experiment.ts';
import { isDue, planTraining } from '../../../src/engine/training/training-plan.ts';
import { readFixture } from './numbers.ts';

interface Fixture {
  readonly rows: unknown[];
  readonly cases: {
    readonly config: Parameters<typeof planTraining>[1];
    readonly strategy: Strategy;
    readonly totalSteps: number;
    readonly epochs: number;
    readonly steps: { readonly step: number; readonly epoch: number }[];
    readonly evaluatedAt: number[];
    readonly savedAt: number[];
  }[];
}

const { rows, cases } = readFixture<Fixture>('trainer.json');

test.each(cases)(
  'Batches of $config.per_device_train_batch_size × $config.gradient_accumulation_steps for $config.num_train_epochs epochs, max_steps $config.max_steps, by $strategy: steps, evaluations and checkpoints as Trainer.',
  ({ config, strategy, totalSteps, epochs, steps, evaluatedAt, savedAt }) => {
    const plan = planTraining(rows.length, config);
    expect(plan).toMatchObject({ totalSteps, epochs });
    const due = steps
      .map(({ step, epoch }) => ({ step, isLastOfEpoch: Number.isInteger(epoch), isLast: step === totalSteps }))
      .filter((moment) => isDue(strategy, 2, moment)) // the fixture evaluates and saves every 2 steps
      .map(({ step }) => step);
    expect(due).toEqual([...new Set(evaluatedAt)]);
    expect(due).toEqual(savedAt);
  },
);

test('The course: 189,155 pairs in batches of 32 for 3 epochs make 5,912 steps an epoch and 17,736 in all.', () => {
  const config = {
    per_device_train_batch_size: 32,
    gradient_accumulation_steps: 1,
    num_train_epochs: 3,
    max_steps: -1,
  };
  expect(planTraining(189_155, config)).toEqual({
    batchesPerEpoch: 5912,
    stepsPerEpoch: 5912,
    totalSteps: 17_736,
    epochs: 3,
  });
});

test('With the strategy no, nothing is ever due.', () => {
  expect(isDue('no', 1, { step: 1, isLastOfEpoch: true, isLast: true })).toBe(false);
});
