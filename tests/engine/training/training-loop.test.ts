import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import type { TrainingConfig } from '../../../src/engine/config/experiment.ts';
import { AdamW } from '../../../src/engine/training/adamw.ts';
import { type StepReport, trainModel } from '../../../src/engine/training/training-loop.ts';
import { planTraining } from '../../../src/engine/training/training-plan.ts';
import { RunFailedError } from '../../../src/errors.ts';
import { LineModel, type Row } from './line-model.ts';
import { expectClose, readFixture } from './numbers.ts';
import { recipe as defaults } from './recipe.ts';

interface Case {
  readonly config: Parameters<typeof planTraining>[1];
  readonly strategy: string;
  readonly steps: { loss: number; grad_norm: number; learning_rate: number; epoch: number; step: number }[];
  readonly weight: number[];
  readonly bias: number[];
}

interface Fixture {
  readonly rows: Row[];
  readonly start: { weight: number[]; bias: number[] };
  readonly cases: Case[];
}

const fixture = readFixture<Fixture>('trainer.json');
const newer = readFixture<Fixture>('trainer-5.json');

/** The recipe of the fixture's maker. */
const recipe: TrainingConfig = { ...defaults, max_grad_norm: 0.5, warmup_ratio: 0.2 };

beforeAll(() => openBackend('cpu'));

/** Trains the fixture's regression; `onStep` may end it. */
async function train(
  config: TrainingConfig,
  { rows = fixture.rows, onStep }: { rows?: readonly Row[]; onStep?: (report: StepReport) => 'continue' | 'stop' } = {},
) {
  const model = new LineModel(rows, fixture.start);
  const optimizer = new AdamW(model, config);
  const reports: StepReport[] = [];
  const diverged: number[] = [];
  const tensors: number[] = [];
  const error = await trainModel({
    model,
    optimizer,
    examples: model.examples,
    config,
    plan: planTraining(rows.length, config),
    onDivergence: async ({ step }) => {
      diverged.push(step);
    },
    onStep: async (report) => {
      reports.push(report);
      tensors.push(tf.memory().numTensors);
      return onStep?.(report) ?? 'continue';
    },
  }).catch((reason: unknown) => reason);
  const result = { reports, diverged, tensors, error, calls: model.calls };
  const weight = Array.from(model.values('weight'));
  const bias = Array.from(model.values('bias'));
  optimizer.dispose();
  model.dispose();
  return { ...result, weight, bias };
}

test.each([...fixture.cases, ...newer.cases].filter(({ strategy }) => strategy === 'steps'))(
  'A training in batches of $config.per_device_train_batch_size × $config.gradient_accumulation_steps follows Trainer of $config.compatibility step by step.',
  async ({ config, steps, weight, bias }) => {
    const trained = await train({ ...recipe, ...config });
    expect(trained.error).toBeUndefined();
    const { reports } = trained;
    expect(reports.map(({ step, epoch }) => ({ step, epoch }))).toEqual(
      steps.map(({ step, epoch }) => ({ step, epoch })),
    );
    // Trainer logs the loss as a float32 too, in 4.47 rounded to 4 places; its step's order of sums differs.
    expectClose(
      reports.map(({ loss }) => loss),
      steps.map(({ loss }) => loss),
      config.compatibility === 'transformers-5' ? 1e-5 : 6e-5,
    );
    expectClose(
      reports.map(({ gradientNorm }) => gradientNorm),
      steps.map(({ grad_norm }) => grad_norm),
      1e-5,
    );
    expectClose(
      // Newer versions log the rate of the step, the course's that of the next.
      reports.map((report) =>
        config.compatibility === 'transformers-5' ? report.learningRate : report.nextLearningRate,
      ),
      steps.map(({ learning_rate }) => learning_rate),
      1e-9,
    );
    expectClose(trained.weight, weight, 1e-5);
    expectClose(trained.bias, bias, 1e-5);
    expect(reports.at(-1)?.isLast).toBe(true);
  },
);

test('No step leaves a tensor behind.', async () => {
  const before = tf.memory().numTensors;
  const { tensors } = await train({ ...recipe, gradient_accumulation_steps: 2, num_train_epochs: 4 });
  expect(new Set(tensors).size).toBe(1);
  expect(tf.memory().numTensors).toBe(before);
});

test('Every micro-batch has a dropout seed of its own, the same in every run of the same seed.', async () => {
  const config = { ...recipe, gradient_accumulation_steps: 3 };
  const [first, second, other] = [await train(config), await train(config), await train({ ...config, seed: 43 })];
  const seeds = first.calls.map(({ dropoutSeed }) => dropoutSeed);
  expect(new Set(seeds).size).toBe(12);
  expect(second.calls).toEqual(first.calls);
  expect(other.calls.map(({ dropoutSeed }) => dropoutSeed).filter((seed) => seeds.includes(seed))).toEqual([]);
});

test('Training ends after the step whose report is answered with stop.', async () => {
  const { reports, error } = await train(recipe, { onStep: ({ step }) => (step === 3 ? 'stop' : 'continue') });
  expect(error).toBeUndefined();
  expect(reports).toHaveLength(3);
});

test('A loss that is not a number ends the training before its step, and says what to change.', async () => {
  const rows = fixture.rows.map((row, index) => (index === 5 ? { ...row, y: Number.NaN } : row));
  const good = await train(recipe, { rows: fixture.rows });
  const { reports, diverged, error, weight } = await train(recipe, { rows });
  const badStep = (diverged[0] ?? 0) as number;
  expect(diverged).toHaveLength(1);
  expect(reports).toHaveLength(badStep - 1);
  expect(error).toBeInstanceOf(RunFailedError);
  expect((error as RunFailedError).message).toMatch(
    new RegExp(
      `^Training diverged at step ${badStep}: the loss is NaN at learning rate 0\\.\\d+; a finite number was expected. ` +
        'The step was not applied. Checkpoints saved before it stay.$',
    ),
  );
  expect((error as RunFailedError).hint).toBe(
    'Lower training.learning_rate, raise training.warmup_steps, or lower training.max_grad_norm (1 is usual).',
  );
  const until = await train(recipe, { onStep: ({ step }) => (step === badStep - 1 ? 'stop' : 'continue') });
  expect(weight).toEqual(until.weight);
  expect(weight).not.toEqual(good.weight);
});
