import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import { fusedOps } from '../../../src/engine/model/ops/current-ops.ts';
import type { FusedOps } from '../../../src/engine/model/ops/fused-ops.ts';
import { ParameterGradient } from '../../../src/engine/model/ops/parameter-gradient.ts';
import { expectClose, randomTensor } from '../model/ops/finite-differences.ts';
import { isAddonBuilt, type Outputs, openNativeForTests, runnableIsas, runTidily } from './native-support.ts';

interface Case {
  readonly rows: number;
  readonly size: number;
  readonly width: number;
  readonly labelSmoothing: number;
  /** Whether the head's gradient holds something to add to. */
  readonly holds: boolean;
}

/** A kernel's blocks are of 256 columns and at most 512 rows: less than one, one, and more. */
const SIZES: readonly (readonly [rows: number, size: number])[] = [
  [1, 2],
  [3, 7],
  [17, 256],
  [16, 257],
  [33, 1000],
  [513, 300],
];

const CASES: Record<string, Case> = Object.fromEntries(
  SIZES.flatMap(([rows, size]) =>
    [0, 0.1].map((labelSmoothing): [string, Case] => [
      `${rows} rows of ${size} pieces, smoothed by ${labelSmoothing}`,
      { rows, size, width: 20, labelSmoothing, holds: labelSmoothing > 0 },
    ]),
  ),
);

function inputsOf({ rows, size, width }: Case) {
  return {
    hidden: randomTensor([rows, width], 1) as tf.Tensor2D,
    head: randomTensor([size, width], 2) as tf.Tensor2D,
    bias: randomTensor([size], 3) as tf.Tensor1D,
    labels: Int32Array.from({ length: rows }, (_, row) =>
      row % 3 === 0 ? size - 1 - (row % size) : (row * 31) % size,
    ),
  };
}

function runCase(ops: FusedOps, one: Case): Outputs {
  const { hidden, head, bias, labels } = inputsOf(one);
  const gradHead = new ParameterGradient(head.shape);
  gradHead.add(randomTensor(head.shape, 5));
  if (!one.holds) gradHead.clear();
  const options = { labelSmoothing: one.labelSmoothing, weight: 0.7 };
  const { loss, gradHidden } = ops.crossEntropy(hidden, head, bias, labels, { ...options, gradHead });
  const outputs = {
    loss: loss.dataSync(),
    evaluated: ops.crossEntropy(hidden, head, bias, labels, { ...options, gradHead: null }).loss.dataSync(),
    gradHidden: gradHidden?.dataSync() ?? [],
    gradHead: gradHead.sum.dataSync(),
  };
  gradHead.dispose();
  return outputs;
}

const runCases = (): Record<string, Outputs> =>
  Object.fromEntries(Object.entries(CASES).map(([name, one]) => [name, runTidily((ops) => runCase(ops, one))]));

function expectAllClose(found: Record<string, Outputs>, expected: Record<string, Outputs>, tolerance: number): void {
  for (const [name, outputs] of Object.entries(found)) {
    for (const [output, values] of Object.entries(outputs)) {
      expectClose(values, expected[name]?.[output] ?? [], tolerance, `${name}: ${output}`);
    }
  }
}

/** The loss in float64, without the head's blocks. */
function slowLoss(hidden: ArrayLike<number>, one: Case): number {
  const { head, bias, labels } = inputsOf(one);
  const [weights, biases] = [head.dataSync(), bias.dataSync()];
  const { rows, size, width, labelSmoothing } = one;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const logits = Array.from(biases, (bias, id) => {
      let sum = bias;
      for (let i = 0; i < width; i++) sum += (hidden[row * width + i] ?? 0) * (weights[id * width + i] ?? 0);
      return sum;
    });
    const greatest = Math.max(...logits);
    const normalizer = greatest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - greatest), 0));
    const mean = logits.reduce((sum, logit) => sum + logit, 0) / size;
    total += normalizer - (1 - labelSmoothing) * (logits[labels[row] ?? 0] ?? 0) - labelSmoothing * mean;
  }
  return (total / rows) * 0.7;
}

describe.skipIf(!isAddonBuilt)('native cross-entropy', () => {
  let expected: Record<string, Outputs> = {};

  beforeAll(async () => {
    await openBackend('wasm');
    expected = runCases();
  });

  it.each(runnableIsas())('computes on %s what the composed one computes', async (isa) => {
    await openNativeForTests({ isa });
    expectAllClose(runCases(), expected, 1e-5); // float32 sums in another order
  });

  it.each(runnableIsas())('computes the same bits on %s with 1, 2 and 3 threads', async (isa) => {
    await openNativeForTests({ isa });
    const one = runCases();
    for (const threads of [2, 3]) {
      await openNativeForTests({ isa, threads });
      expect(runCases()).toEqual(one);
    }
  });

  it.each(runnableIsas())('stays near on %s with matrix products of bf16 numbers', async (isa) => {
    await openNativeForTests({ isa, precision: 'bf16' });
    expectAllClose(runCases(), expected, 2e-2); // bf16 has 8 bits
  });

  it('agrees with a float64 loss and its finite differences', async () => {
    await openNativeForTests();
    const one: Case = { rows: 4, size: 259, width: 20, labelSmoothing: 0.1, holds: false };
    const outputs = runTidily((ops) => {
      const hidden = inputsOf(one).hidden.dataSync();
      const differences = Array.from(hidden, (_, place) => {
        const moved = (by: number) =>
          slowLoss(
            Float64Array.from(hidden, (x, i) => (i === place ? x + by : x)),
            one,
          );
        return (moved(1e-5) - moved(-1e-5)) / 2e-5;
      });
      return { ...runCase(ops, one), differences, slow: [slowLoss(hidden, one)] };
    });
    expectClose(outputs.loss ?? [], outputs.slow ?? [], 1e-6, 'loss');
    expectClose(outputs.gradHidden ?? [], outputs.differences ?? [], 1e-5, 'gradient');
  });

  it('finds nothing to learn where there is one piece', async () => {
    await openNativeForTests();
    const one: Case = { rows: 3, size: 1, width: 20, labelSmoothing: 0.1, holds: false };
    const { loss, evaluated, gradHidden, gradHead } = runTidily((ops) => runCase(ops, one));
    for (const value of [loss, evaluated, gradHidden, gradHead].flatMap((values) =>
      Array.from(values ?? [Number.NaN]),
    )) {
      expect(Math.abs(value)).toBeLessThan(1e-6);
    }
  });

  it('passes NaN on to the loss', async () => {
    await openNativeForTests();
    const { loss } = runTidily((ops) => {
      const { head, bias, labels } = inputsOf({ rows: 2, size: 300, width: 3, labelSmoothing: 0, holds: false });
      const hidden = tf.fill([2, 3], Number.NaN) as tf.Tensor2D;
      const { loss } = ops.crossEntropy(hidden, head, bias, labels, { labelSmoothing: 0, weight: 1, gradHead: null });
      return { loss: loss.dataSync() };
    });
    expect(loss?.[0]).toBeNaN();
  });

  it('refuses labels outside the vocabulary, and a batch without one', async () => {
    await openNativeForTests();
    const lossOf = (labels: readonly number[]) =>
      runTidily(() => {
        const { hidden, head, bias } = inputsOf({
          rows: labels.length,
          size: 9,
          width: 3,
          labelSmoothing: 0,
          holds: false,
        });
        const options = { labelSmoothing: 0, weight: 1, gradHead: null };
        return { loss: fusedOps().crossEntropy(hidden, head, bias, Int32Array.from(labels), options).loss.dataSync() };
      });
    expect(() => lossOf([1, 9])).toThrow(new RangeError('label 9 is outside the vocabulary of 9 pieces'));
    expect(() => lossOf([-1, 0])).toThrow(new RangeError('label -1 is outside the vocabulary of 9 pieces'));
    expect(() => lossOf([])).toThrow(new RangeError('there are no labels: there is no loss to compute'));
  });

  it('leaves the gradient of the head empty when it refuses', async () => {
    await openNativeForTests();
    const gradHead = new ParameterGradient([9, 3]);
    const refused = (): Outputs =>
      runTidily((ops) => {
        const { hidden, head, bias } = inputsOf({ rows: 1, size: 9, width: 3, labelSmoothing: 0, holds: false });
        ops.crossEntropy(hidden, head, bias, Int32Array.of(9), { labelSmoothing: 0, weight: 1, gradHead });
        return {};
      });
    expect(refused).toThrow('label 9 is outside the vocabulary');
    expect(gradHead.isEmpty).toBe(true);
    gradHead.dispose();
  });
});
