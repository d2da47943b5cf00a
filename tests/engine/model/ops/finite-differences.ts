import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { ModelGradients } from '../../../../src/engine/model/model-gradients.ts';
import { addGradient, type Rows, rowsOf, Tape } from '../../../../src/engine/model/ops/tape.ts';

/** An operation on rows with parameters, which gives rows, or a loss. */
type Operation = (tape: Tape | null, rows: Rows[], parameters: tf.Tensor[]) => Rows | tf.Scalar;

interface Inputs {
  readonly rows: tf.Tensor[];
  readonly parameters?: tf.Tensor[];
}

/** A step of 1/128 balances the f32 rounding of the values (1e-7/step) with the curvature left out (step²). */
const STEP = 1 / 128;

/**
 * Expects the gradients of an operation to be those of central differences, input by input, and the tape to leave nothing
 * behind. Rows are summed with fixed uneven weights, so that errors of different places cannot cancel.
 *
 * @param tolerance  greatest difference, relative to the greatest gradient of that input
 */
export function expectGradientsOfFiniteDifferences(
  operation: Operation,
  { rows, parameters = [] }: Inputs,
  tolerance = 3e-3,
): void {
  const inputs = [...rows, ...parameters];
  const objective = (values: tf.Tensor[]): number =>
    tf.tidy(() => {
      const states = values.slice(0, rows.length).map((value) => rowsOf(value.clone() as tf.Tensor2D));
      return weightedSum(operation(null, states, values.slice(rows.length)));
    });
  gradientsOf(operation, { rows, parameters }).forEach((gradient, index) => {
    const expected = centralDifferences(objective, inputs, index);
    expectClose(gradient, expected, tolerance, `gradient of input ${index} [${inputs[index]?.shape}]`);
  });
}

/** Returns the gradients of each input of an operation, rows first. */
export function gradientsOf(operation: Operation, { rows, parameters = [] }: Inputs): Float32Array[] {
  const variables = new Map(parameters.map((value, index) => [String(index), tf.variable(value)]));
  const gradients = new ModelGradients(variables);
  for (const variable of variables.values()) gradients.of(variable); // made now, so that they do not count as left behind
  const before = tf.memory().numTensors;
  const states = rows.map((value) => rowsOf(value.clone() as tf.Tensor2D));
  const tape = new Tape(gradients);
  const output = operation(tape, states, [...variables.values()]);
  if ('value' in output) addGradient(output, randomTensor(output.value.shape, 99) as tf.Tensor2D);
  tape.backward();
  const ofRows = states.map(({ gradient }) => gradient?.dataSync<'float32'>().slice() ?? new Float32Array());
  for (const { value, gradient } of states) tf.dispose(gradient === null ? value : [value, gradient]);
  if (!('value' in output)) output.dispose();
  expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
  const sums = gradients.sums();
  const ofParameters = parameters.map(
    (_, i) => sums.get(String(i))?.dataSync<'float32'>().slice() ?? new Float32Array(),
  );
  tf.dispose([...variables.values()]);
  gradients.dispose();
  return [...ofRows, ...ofParameters];
}

function weightedSum(output: Rows | tf.Scalar): number {
  if (!('value' in output)) return output.dataSync()[0] ?? Number.NaN;
  const values = output.value.dataSync<'float32'>();
  const weights = randomTensor(output.value.shape, 99).dataSync<'float32'>();
  return weights.reduce((sum, weight, i) => sum + weight * (values[i] ?? Number.NaN), 0);
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

function centralDifferences(objective: (inputs: tf.Tensor[]) => number, inputs: tf.Tensor[], index: number): number[] {
  const input = inputs[index];
  if (input === undefined) throw new RangeError(`there is no input ${index}`);
  const values = input.dataSync<'float32'>();
  const changedBy = (place: number, change: number): number => {
    const changed = values.slice();
    changed[place] = (changed[place] ?? 0) + change;
    return tf.tidy(() => objective(inputs.with(index, tf.tensor(changed, input.shape))));
  };
  return Array.from(values, (_, place) => (changedBy(place, STEP) - changedBy(place, -STEP)) / (2 * STEP));
}
