import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { fusedOps } from '../../../src/engine/model/ops/current-ops.ts';
import { expectClose, randomTensor } from '../model/ops/finite-differences.ts';
import { openNativeForTests, runnableIsas } from './native-support.ts';

/** Nothing, one, and what is around a piece of work of 16,384 elements and two. */
const SIZES = [0, 1, 3, 17, 16_383, 16_384, 16_385, 40_001];
const NUMBERS = {
  ...{ gradientScale: 0.37, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  ...{ stepSize: 1e-3, squareCorrection: 0.3, decay: 1e-5 },
};
const vector = (size: number, seed: number): tf.Tensor => randomTensor([size], seed);

describe.each(runnableIsas())('the native optimizer on %s', (isa) => {
  afterEach(() => tf.disposeVariables());

  it('moves parameters of any sizes by the formula of AdamW, alike on 1, 2 and 3 threads', async () => {
    const results: Float32Array[][] = [];
    for (const threads of [1, 2, 3]) {
      await openNativeForTests({ isa, threads });
      const parameters = SIZES.map((size, index) => ({
        value: tf.variable(vector(size, index + 1)),
        gradient: vector(size, index + 30),
        mean: tf.variable(vector(size, index + 60)),
        square: tf.variable(tf.square(vector(size, index + 90))),
        isDecayed: index % 2 === 0,
      }));
      const expected = parameters.map(({ value, gradient, mean, square, isDecayed }) =>
        movedByAdamW(
          [value, gradient, mean, square].map((tensor) => tensor.dataSync()),
          isDecayed,
        ),
      );
      fusedOps().adamwStep(parameters, NUMBERS);
      const found = parameters.flatMap(({ value, mean, square }) =>
        [value, mean, square].map((tensor) => Float32Array.from(tensor.dataSync())),
      );
      for (const [index, values] of expected.flat().entries()) {
        expectClose(found[index] ?? [], values, 1e-6, `tensor ${index}`);
      }
      results.push(found);
      tf.dispose(parameters.map(({ gradient }) => gradient));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('sums squares over tensors of any sizes, each element once, alike on 1, 2 and 3 threads', async () => {
    const sums: number[] = [];
    for (const threads of [1, 2, 3]) {
      await openNativeForTests({ isa, threads });
      const tensors = SIZES.map((size, index) => vector(size, index + 1));
      const expected = tensors.flatMap((x) => [...x.dataSync()]).reduce((sum, x) => sum + x * x, 0);
      const found = await fusedOps().sumOfSquares(tensors);
      expect(found / expected).toBeCloseTo(1, 6);
      expect(await fusedOps().sumOfSquares([])).toBe(0);
      sums.push(found);
      tf.dispose(tensors);
    }
    expect(new Set(sums).size).toBe(1);
  });
});

/** Value, mean and square after one step, in float64. */
function movedByAdamW(
  [values = [], gradients = [], means = [], squares = []]: ArrayLike<number>[],
  isDecayed: boolean,
) {
  const { gradientScale, beta1, beta2, epsilon, stepSize, squareCorrection, decay } = NUMBERS;
  const scaled = Array.from(gradients, (gradient) => gradient * gradientScale);
  const newMeans = scaled.map((g, i) => beta1 * (means[i] ?? 0) + (1 - beta1) * g);
  const newSquares = scaled.map((g, i) => beta2 * (squares[i] ?? 0) + (1 - beta2) * g * g);
  const newValues = Array.from(values, (value, i) => {
    const denominator = Math.sqrt(newSquares[i] ?? 0) / squareCorrection + epsilon;
    return value * (isDecayed ? 1 - decay : 1) - (stepSize * (newMeans[i] ?? 0)) / denominator;
  });
  return [newValues, newMeans, newSquares];
}
