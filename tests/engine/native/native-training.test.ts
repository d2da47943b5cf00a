import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import type { Example } from '../../../src/engine/data/example.ts';
import { packBatch } from '../../../src/engine/data/pack-batch.ts';
import { loadModel } from '../../../src/engine/model/load-model.ts';
import { ModelGradients } from '../../../src/engine/model/model-gradients.ts';
import { AdamW } from '../../../src/engine/training/adamw.ts';
import { clippingScale, globalNorm } from '../../../src/engine/training/gradient-clipping.ts';
import { expectClose } from '../model/ops/finite-differences.ts';
import { readFixture } from '../training/numbers.ts';
import { recipe } from '../training/recipe.ts';
import { countBlocks, isAddonBuilt, isSanitized, openNativeForTests } from './native-support.ts';

const demoModel = fileURLToPath(new URL('../../../experiments/models/demo-en-fr', import.meta.url));
const [{ examples } = { examples: [] }] = readFixture<{ examples: Example[] }[]>('marian-trainer.json');
const batch = packBatch(examples.slice(0, 8));
const options = { dropoutSeed: 7, labelSmoothing: 0.1, weight: 0.5 };

interface StepValues {
  readonly loss: number;
  readonly evaluated: number;
  readonly gradients: ReadonlyMap<string, ArrayLike<number>>;
}

/** The loss with and without dropout, and all gradients of two micro-batches. */
async function stepValues(): Promise<StepValues> {
  const model = await loadModel(demoModel);
  const gradients = new ModelGradients(model.parameters);
  const evaluated = model.loss(batch, options);
  const [first, second] = [1, 2].map(() => model.addGradients(batch, gradients, options));
  const sums = [...gradients.sums()].map(([name, sum]) => [name, Float32Array.from(sum.dataSync())] as const);
  const [loss = Number.NaN] = first?.dataSync() ?? [];
  const [evaluatedLoss = Number.NaN] = evaluated.dataSync();
  tf.dispose([evaluated, first, second].filter((tensor) => tensor !== undefined));
  gradients.dispose();
  model.dispose();
  return { loss, evaluated: evaluatedLoss, gradients: new Map(sums) };
}

/** Two parameters, one of them decayed, fifty steps. */
interface AdamWFixture {
  readonly start: Record<'decayed' | 'plain', number[]>;
  readonly rates: number[];
  readonly weightDecay: number;
  readonly steps: ({ readonly gradients: Record<string, number[]> } & Record<string, number[]>)[];
}

describe.skipIf(!isAddonBuilt)('training on the native backend', () => {
  let expected: StepValues;
  beforeAll(async () => {
    await openBackend('wasm');
    expected = await stepValues();
  });

  it.each([1, 2, 3])(
    'gives the loss and gradients of the demo model that wasm gives, on %i threads',
    async (threads) => {
      await openNativeForTests({ threads });
      const found = await stepValues();
      expect(Math.abs(found.loss / expected.loss - 1)).toBeLessThan(1e-5);
      expect(Math.abs(found.evaluated / expected.evaluated - 1)).toBeLessThan(1e-5);
      expect([...found.gradients.keys()].sort()).toEqual([...expected.gradients.keys()].sort());
      for (const [name, values] of expected.gradients) {
        // The gradient of a key's bias is 0 but for rounding: softmax does not see it.
        const floor = name.endsWith('k_proj.bias') ? 0.01 : 1e-6;
        expectClose(found.gradients.get(name) ?? [], values, 1e-5, name, floor);
      }
    },
  );

  it('makes the same bits with 1, 2 and 3 threads', async () => {
    const runs: StepValues[] = [];
    for (const threads of [1, 2, 3]) {
      await openNativeForTests({ threads });
      runs.push(await stepValues());
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
  });

  it('moves parameters as torch.optim.AdamW does', async () => {
    await openNativeForTests();
    const { start, rates, weightDecay, steps } = readFixture<AdamWFixture>('adamw.json');
    const parameters = new Map(Object.entries(start).map(([name, values]) => [name, tf.variable(tf.tensor(values))]));
    const model = { parameters, isDecayed: (name: string) => name === 'decayed' };
    const optimizer = new AdamW(model, { ...recipe, weight_decay: weightDecay });
    for (const [index, step] of steps.entries()) {
      const gradients = Object.entries(step.gradients).map(([name, values]) => [name, tf.tensor(values)] as const);
      optimizer.step(new Map(gradients), rates[index] ?? Number.NaN);
      for (const [name, parameter] of parameters) expectClose(parameter.dataSync(), step[name] ?? [], 1e-6, name);
    }
  });

  it
    .skipIf(isSanitized)
    .each((['f32', 'bf16'] as const).flatMap((precision) => [1, 2].map((threads) => ({ precision, threads }))))(
    'comes to ask the system for no memory, over batches of other lengths: $precision, $threads threads',
    async (settings) => {
      const addon = await openNativeForTests(settings);
      const model = await loadModel(demoModel);
      const gradients = new ModelGradients(model.parameters);
      const optimizer = new AdamW(model, recipe);
      const batches = [0, 4, 8].map((first) => packBatch(examples.slice(first, first + 8)));
      const runEpoch = async (): Promise<number> => {
        for (const one of batches) {
          gradients.clear();
          const loss = model.addGradients(one, gradients, options);
          await loss.data();
          loss.dispose();
          optimizer.step(gradients.sums(), 1e-4, clippingScale(await globalNorm(gradients.sums()), 1));
        }
        const counters = new Float64Array(5);
        addon.memoryCounters(counters);
        return counters[3] ?? Number.NaN;
      };
      // Each thread's scratch grows when it first meets the largest piece, which may take some rounds.
      const counts: number[] = [];
      for (let epoch = 0; epoch < 20 && (counts.length < 3 || counts.at(-1) !== counts.at(-3)); epoch++) {
        counts.push(await runEpoch());
      }
      expect(counts.at(-1), counts.join(', ')).toBe(counts.at(-3));
      optimizer.dispose();
      gradients.dispose();
      model.dispose();
    },
  );

  it('makes twenty steps without a tfjs kernel, and keeps no block', async () => {
    const addon = await openNativeForTests();
    const model = await loadModel(demoModel);
    const gradients = new ModelGradients(model.parameters);
    const optimizer = new AdamW(model, recipe);
    const makeStep = async (): Promise<number> => {
      gradients.clear();
      const loss = model.addGradients(batch, gradients, options);
      const [value = Number.NaN] = await loss.data();
      loss.dispose();
      optimizer.step(gradients.sums(), 1e-3, clippingScale(await globalNorm(gradients.sums()), 1));
      return value;
    };
    const first = await makeStep();
    const blocks = countBlocks(addon);
    const kernels = await tf.profile(async () => {
      for (let step = 0; step < 20; step++) await makeStep();
    });
    expect(kernels.kernelNames).toEqual([]);
    expect(countBlocks(addon)).toBe(blocks);
    expect(await makeStep()).toBeLessThan(first / 2); // it learns the batch by heart
    optimizer.dispose();
    gradients.dispose();
    model.dispose();
  });
});
