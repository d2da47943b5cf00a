import { expect, test } from 'vitest';
import type { Strategy } from '../../../src/engine/config/experiment.ts';
import { isDue, isEvaluationDue, isSaveDue, planTraining } from '../../../src/engine/training/training-plan.ts';
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
const newer = readFixture<Fixture>('trainer-5.json').cases;

test.each([...cases, ...newer])(
  'Batches of $config.per_device_train_batch_size × $config.gradient_accumulation_steps for $config.num_train_epochs epochs, max_steps $config.max_steps, by $strategy: steps, evaluations and checkpoints as Trainer of $config.compatibility.',
  ({ config, strategy, totalSteps, epochs, steps, evaluatedAt, savedAt }) => {
    const plan = planTraining(rows.length, config);
    expect(plan).toMatchObject({ totalSteps, epochs });
    const moments = steps.map(({ step, epoch }) => ({
      step,
      isLastOfEpoch: Number.isInteger(epoch),
      isLast: step === totalSteps,
    }));
    // The fixture evaluates and saves every 2 steps.
    const evaluation = { eval_strategy: strategy, eval_steps: 2, compatibility: config.compatibility };
    const evaluated = moments.filter((moment) => isEvaluationDue(evaluation, moment)).map(({ step }) => step);
    expect(evaluated).toEqual([...new Set(evaluatedAt)]);
    const saved = moments.filter((moment) => isSaveDue(strategy, 2, moment)).map(({ step }) => step);
    expect(saved).toEqual(savedAt);
  },
);

test('The course: 189,155 pairs in batches of 32 for 3 epochs make 5,912 steps an epoch and 17,736 in all.', () => {
  const config = {
    per_device_train_batch_size: 32,
    gradient_accumulation_steps: 1,
    num_train_epochs: 3,
    max_steps: -1,
    compatibility: 'transformers-4' as const,
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
