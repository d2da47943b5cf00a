import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import type { TrainingConfig } from '../../../src/engine/config/experiment.ts';
import type { Example } from '../../../src/engine/data/example.ts';
import { loadModel } from '../../../src/engine/model/load-model.ts';
import { AdamW } from '../../../src/engine/training/adamw.ts';
import { type StepReport, trainModel } from '../../../src/engine/training/training-loop.ts';
import { planTraining } from '../../../src/engine/training/training-plan.ts';
import { isAddonBuilt } from '../native/native-support.ts';
import { expectClose, readFixture } from './numbers.ts';
import { recipe } from './recipe.ts';

interface Case {
  readonly config: Partial<TrainingConfig>;
  readonly examples: Example[];
  readonly steps: { loss: number; grad_norm: number; learning_rate: number; epoch: number }[];
}

const demoModel = fileURLToPath(new URL('../../../experiments/models/demo-en-fr', import.meta.url));

/** The native one where its addon was built. */
const backends = isAddonBuilt ? (['wasm', 'native'] as const) : (['wasm'] as const);

beforeAll(() => openBackend('wasm'));

test.each([...readFixture<Case[]>('marian-trainer.json'), ...readFixture<Case[]>('marian-trainer-5.json')])(
  'Six steps of Marian with label smoothing $config.label_smoothing_factor and accumulation $config.gradient_accumulation_steps follow Trainer of $config.compatibility.',
  async ({ config: settings, examples, steps }) => {
    const config = { ...recipe, ...settings };
    const before = tf.memory().numTensors;
    const model = await loadModel(demoModel, { dropout: 0 });
    const optimizer = new AdamW(model, config);
    const tensors = new Set<number>();
    const reports: StepReport[] = [];
    await trainModel({
      model,
      optimizer,
      examples,
      config,
      plan: planTraining(examples.length, config),
      onDivergence: async () => {},
      onStep: async (report) => {
        reports.push(report);
        tensors.add(tf.memory().numTensors);
        return 'continue';
      },
    });
    optimizer.dispose();
    model.dispose();
    expect(tensors.size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
    const isNewer = config.compatibility === 'transformers-5';
    const values = (key: 'loss' | 'gradientNorm' | 'learningRate' | 'nextLearningRate' | 'epoch') =>
      reports.map((report) => report[key]);
    // Float32 sums in another order: 1e-6 at the first step, and Adam carries small differences of small gradients on.
    // 4.47 rounds the losses it logs to 4 places.
    expectClose(
      values('loss'),
      steps.map(({ loss }) => loss),
      isNewer ? 2e-5 : 7e-5,
    );
    expectClose(
      values('gradientNorm'),
      steps.map(({ grad_norm }) => grad_norm),
      2e-4,
    );
    expectClose(
      values(isNewer ? 'learningRate' : 'nextLearningRate'),
      steps.map(({ learning_rate }) => learning_rate),
      1e-12,
    );
    expectClose(
      values('epoch'),
      steps.map(({ epoch }) => epoch),
      1e-12,
    );
  },
);

test.each(backends)(
  'A step that is abandoned anywhere leaves the parameters of the step before, on %s.',
  async (name) => {
    await openBackend(name);
    const [{ config: settings, examples } = { config: {}, examples: [] }] = readFixture<Case[]>('marian-trainer.json');
    const config = { ...recipe, ...settings };
    /** Trains until step 2 is made and so many operations of the third. */
    const train = async (operations: number) => {
      const before = tf.memory().numTensors;
      const model = await loadModel(demoModel);
      const optimizer = new AdamW(model, config);
      let [step, asked] = [0, 0];
      await trainModel({
        model,
        optimizer,
        examples,
        config,
        plan: planTraining(examples.length, config),
        isAbandoned: () => step === 2 && ++asked > operations,
        onDivergence: async () => {},
        onStep: async (report) => {
          step = report.step;
          return step === 3 ? 'stop' : 'continue';
        },
      });
      const weights = createHash('sha256');
      for (const parameter of model.parameters.values()) weights.update(new Uint8Array(parameter.dataSync().buffer));
      optimizer.dispose();
      model.dispose();
      expect(tf.memory().numTensors).toBe(before);
      return { step, asked, weights: weights.digest('hex') };
    };
    const whole = await train(Number.POSITIVE_INFINITY);
    expect(whole).toMatchObject({ step: 3 });
    expect(whole.asked).toBeGreaterThan(20);
    const { weights } = await train(0);
    expect(weights).not.toBe(whole.weights);
    for (const share of [0.25, 0.5, 0.75, 0.99]) {
      const operations = Math.floor(share * whole.asked);
      expect(await train(operations)).toEqual({ step: 2, asked: operations + 1, weights });
    }
  },
);
