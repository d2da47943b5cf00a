import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

type Operation = (...inputs: tf.Tensor[]) => tf.Tensor;

/** A step of 1/128 balances the f32 rounding of the values (1e-7/step) with the curvature left out (step²). */
const STEP = 1 / 128;

/**
 * Expects the gradients of an operation to be those of central differences, input by input.
 * The operation is summed with fixed uneven weights, so that errors of different places cannot cancel.
 *
 * @param tolerance  greatest difference, relative to the greatest gradient of that input
 */
export function expectGradientsOfFiniteDifferences(operation: Operation, inputs: tf.Tensor[], tolerance = 3e-3): void {
  const shape = tf.tidy(() => operation(...inputs).shape);
  const weights = randomTensor(shape, 99);
  const gradients = tf.grads((...xs: tf.Tensor[]) => tf.sum(tf.mul(operation(...xs), weights)))(inputs);
  inputs.forEach((input, index) => {
    const expected = centralDifferences(operation, inputs, index, weights);
    expectClose(gradients[index]?.dataSync() ?? [], expected, tolerance, `gradient of input ${index} [${input.shape}]`);
  });
  tf.dispose([weights, ...gradients]);
}

/** Expects values to be close, relative to the greatest of the expected ones (at least `floor`). */
export function expectClose(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
  floor = 1e-6,
): void {
  expect(found.length, what).toBe(expected.length);
  let greatest = floor;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    greatest = Math.max(greatest, Math.abs(expected[i] ?? Number.NaN));
    const here = Math.abs((found[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    difference = here <= difference ? difference : here; // a NaN is kept
  }
  expect(difference / greatest, what).toBeLessThanOrEqual(tolerance);
}

/** Values in -1…1 from a linear congruential generator, the same on every machine. */
export function randomTensor(shape: number[], seed: number): tf.Tensor {
  let state = seed;
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  return tf.tensor(values, shape);
}

function centralDifferences(operation: Operation, inputs: tf.Tensor[], index: number, weights: tf.Tensor): number[] {
  const input = inputs[index];
  if (input === undefined) throw new RangeError(`there is no input ${index}`);
  const values = input.dataSync<'float32'>();
  const weightedSum = (place: number, change: number): number =>
    tf.tidy(() => {
      const changed = values.slice();
      changed[place] = (changed[place] ?? 0) + change;
      const moved = inputs.with(index, tf.tensor(changed, input.shape));
      const outputs = operation(...moved).dataSync<'float32'>();
      return weights.dataSync<'float32'>().reduce((sum, weight, i) => sum + weight * (outputs[i] ?? Number.NaN), 0);
    });
  return Array.from(values, (_, place) => (weightedSum(place, STEP) - weightedSum(place, -STEP)) / (2 * STEP));
}
