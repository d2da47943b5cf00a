import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { openBackend } from '../../../../src/engine/backend/open-backend.ts';
import { residualLayerNorm } from '../../../../src/engine/model/ops/residual-layer-norm.ts';
import { expectClose, expectGradientsOfFiniteDifferences, randomTensor } from './finite-differences.ts';

describe.each(['wasm', 'cpu'] as const)('residualLayerNorm on %s', (device) => {
  beforeAll(() => openBackend(device));

  const inputs = (): tf.Tensor[] => [
    randomTensor([4, 5], 1),
    randomTensor([4, 5], 2),
    randomTensor([5], 3),
    randomTensor([5], 4),
  ];
  const mask = (): tf.Tensor2D =>
    tf.tensor2d(
      Array.from({ length: 20 }, (_, i) => (i % 4 === 0 ? 0 : 4 / 3)),
      [4, 5],
    );
  const run = (xs: tf.Tensor[], dropoutMask: tf.Tensor2D | null): tf.Tensor => {
    const [x, residual, weight, bias] = xs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.Tensor1D];
    return residualLayerNorm(x, residual, { weight, bias }, dropoutMask);
  };

  it.each([false, true])('normalizes the sum with eps 1e-5 (dropout: %s)', (isDropping) => {
    // tiny values, so that the epsilon shows
    const [x, residual, weight, bias] = inputs().map((input) => tf.mul(input, 0.01)) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const found = run([x, residual, weight, bias], isDropping ? mask() : null);
    const [xs, residuals, weights, biases] = [x.dataSync(), residual.dataSync(), weight.dataSync(), bias.dataSync()];
    const factors = isDropping ? mask().dataSync() : new Float32Array(20).fill(1);
    const expected = [0, 1, 2, 3].flatMap((row) => {
      const sums = [0, 1, 2, 3, 4].map(
        (i) => (residuals[row * 5 + i] ?? 0) + (xs[row * 5 + i] ?? 0) * (factors[row * 5 + i] ?? 0),
      );
      const mean = sums.reduce((total, sum) => total + sum, 0) / 5;
      const variance = sums.reduce((total, sum) => total + (sum - mean) ** 2, 0) / 5;
      return sums.map((sum, i) => ((sum - mean) / Math.sqrt(variance + 1e-5)) * (weights[i] ?? 0) + (biases[i] ?? 0));
    });
    expectClose(found.dataSync(), expected, 1e-5, 'normalized');
  });

  it('has the gradients of finite differences without dropout', () => {
    expectGradientsOfFiniteDifferences((...xs) => run(xs, null), inputs());
  });

  it('gives x and residual gradients of their own, of which the tape may dispose one', () => {
    const operation = (...[x, residual, weight, bias]: tf.Tensor[]): tf.Tensor => {
      const before = tf.square(residual as tf.Tensor2D);
      return tf.add(before, run([x, residual, weight, bias] as tf.Tensor[], null));
    };
    expectGradientsOfFiniteDifferences(operation, inputs());
  });

  it('has the gradients of finite differences with dropout before the sum', () => {
    const dropoutMask = mask();
    expectGradientsOfFiniteDifferences((...xs) => run(xs, dropoutMask), inputs());
  });
});
