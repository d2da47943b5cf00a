import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Activation } from '../../../../src/engine/model/ops/activation.ts';
import { linear } from '../../../../src/engine/model/ops/linear.ts';
import { addGradient, type Rows, rowsOf, type Tape } from '../../../../src/engine/model/ops/tape.ts';
import { devices, openInFloat32 } from './devices.ts';
import { expectClose, expectGradientsOfFiniteDifferences, randomTensor } from './finite-differences.ts';

const ACTIVATIONS: Record<Activation, (x: number) => number> = {
  none: (x) => x,
  silu: (x) => x / (1 + Math.exp(-x)),
  relu: (x) => Math.max(x, 0),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
};

describe.each(devices)('linear on %s', (device) => {
  beforeAll(() => openInFloat32(device));

  it.each(Object.keys(ACTIVATIONS) as Activation[])('computes activation(x·Wᵀ + b) for %s', (activation) => {
    const [x, weight, bias] = [randomTensor([3, 4], 1), randomTensor([5, 4], 2), randomTensor([5], 3)];
    const weights = { weight: weight as tf.Tensor2D, bias: bias as tf.Tensor1D };
    const found = linear(null, rowsOf(x.clone() as tf.Tensor2D), weights, activation).value;
    const [xs, ws, bs] = [x.dataSync(), weight.dataSync(), bias.dataSync()];
    const expected = Array.from({ length: 15 }, (_, place) => {
      const [row, column] = [Math.floor(place / 5), place % 5];
      const products = [0, 1, 2, 3].map((k) => (xs[row * 4 + k] ?? 0) * (ws[column * 4 + k] ?? 0));
      return ACTIVATIONS[activation](products.reduce((sum, product) => sum + product, bs[column] ?? 0));
    });
    expect(found.shape).toEqual([3, 5]);
    expectClose(found.dataSync(), expected, 1e-6, activation);
  });

  it.each(Object.keys(ACTIVATIONS) as Activation[])('has the gradients of finite differences for %s', (activation) => {
    const operation = (tape: Tape | null, [x]: Rows[], [weight, bias]: tf.Tensor[]): Rows =>
      linear(tape, x as Rows, { weight: weight as tf.Tensor2D, bias: bias as tf.Tensor1D }, activation);
    const parameters = [randomTensor([5, 4], 2), randomTensor([5], 30)];
    expectGradientsOfFiniteDifferences(operation, { rows: [randomTensor([3, 4], 1)], parameters });
  });

  it('sums the gradients of rows and parameters that are used twice', () => {
    const operation = (tape: Tape | null, [x]: Rows[], [weight, bias]: tf.Tensor[]): Rows => {
      const weights = { weight: weight as tf.Tensor2D, bias: bias as tf.Tensor1D };
      const [left, right] = [linear(tape, x as Rows, weights), linear(tape, x as Rows, weights, 'silu')];
      const output = tf.add<tf.Tensor2D>(left.value, right.value);
      const sum = rowsOf(output);
      tape?.record(sum, [], (gradOutput) => {
        addGradient(left, gradOutput.clone());
        addGradient(right, gradOutput.clone());
      });
      return sum;
    };
    const parameters = [randomTensor([4, 4], 2), randomTensor([4], 30)];
    expectGradientsOfFiniteDifferences(operation, { rows: [randomTensor([3, 4], 1)], parameters });
  });
});

/** Maclaurin series, for the small arguments here. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 40; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
