import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { dropout, seededDropout } from '../../../../src/engine/model/ops/dropout.ts';
import { residualLayerNorm } from '../../../../src/engine/model/ops/residual-layer-norm.ts';
import { type Rows, rowsOf, type Tape } from '../../../../src/engine/model/ops/tape.ts';
import { devices, openInFloat32 } from './devices.ts';
import { expectClose, expectGradientsOfFiniteDifferences, gradientsOf, randomTensor } from './finite-differences.ts';

describe.each(devices)('residualLayerNorm on %s', (device) => {
  beforeAll(() => openInFloat32(device));

  const inputs = (): tf.Tensor[] => [
    randomTensor([4, 5], 1),
    randomTensor([4, 5], 2),
    randomTensor([5], 3),
    randomTensor([5], 4),
  ];
  const site = seededDropout(4).next(0.25);
  const mask = (): Float32Array =>
    tf.tidy(() =>
      dropout(null, rowsOf(tf.ones([4, 5])), site)
        .value.dataSync<'float32'>()
        .slice(),
    );
  const run =
    (isDropping: boolean) =>
    (tape: Tape | null, rows: Rows[], parameters: tf.Tensor[]): Rows => {
      const [x, residual] = rows as [Rows, Rows];
      const [weight, bias] = parameters as [tf.Tensor1D, tf.Tensor1D];
      return residualLayerNorm(tape, x, residual, { weight, bias }, isDropping ? site : null);
    };

  it.each([false, true])('normalizes the sum with eps 1e-5 (dropout: %s)', (isDropping) => {
    // tiny values, so that the epsilon shows
    const [x, residual, weight, bias] = inputs().map((input) => tf.mul(input, 0.01)) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const states = [x, residual].map((value) => rowsOf(value.clone() as tf.Tensor2D));
    const found = run(isDropping)(null, states, [weight, bias]).value;
    const [xs, residuals, weights, biases] = [x.dataSync(), residual.dataSync(), weight.dataSync(), bias.dataSync()];
    const factors = isDropping ? mask() : new Float32Array(20).fill(1);
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

  it.each([false, true])('has the gradients of finite differences (dropout: %s)', (isDropping) => {
    const [x, residual, ...parameters] = inputs() as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
    expectGradientsOfFiniteDifferences(run(isDropping), { rows: [x, residual], parameters });
  });

  it('gives x and residual gradients of their own, of which each may be disposed', () => {
    const [x, residual, ...parameters] = inputs() as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
    const [ofX, ofResidual] = gradientsOf(run(false), { rows: [x, residual], parameters });
    expect(ofX).toEqual(ofResidual);
  });
});
