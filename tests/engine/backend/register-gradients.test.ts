import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import { expectGradientsOfFiniteDifferences, randomTensor } from '../model/ops/finite-differences.ts';

type Operation = (...inputs: tf.Tensor[]) => tf.Tensor;

/** Away from zero, where log, sqrt and division bend too much for differences. */
function positive(shape: number[], seed: number): tf.Tensor {
  return tf.add(randomTensor(shape, seed), 2);
}

const UNARY: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  neg: tf.neg,
  square: tf.square,
  log: tf.log,
  exp: tf.exp,
  sqrt: tf.sqrt,
  rsqrt: tf.rsqrt,
  sigmoid: tf.sigmoid,
  softmax: tf.softmax,
  clone: tf.clone,
  cast: (x) => tf.cast(x, 'float32'),
  'sum of all': (x) => tf.sum(x),
  'sum over an axis': (x) => tf.sum(x, 1),
  'sum over axes, kept': (x) => tf.sum(x, [0, 2], true),
  'mean of all': (x) => tf.mean(x),
  'mean over an axis, kept': (x) => tf.mean(x, -1, true),
  reshape: (x) => tf.reshape(x, [6, 4]),
  expandDims: (x) => tf.expandDims(x, 1),
  transpose: (x) => tf.transpose(x, [1, 2, 0]),
  slice: (x) => tf.slice(x, [0, 1, 1], [2, 2, 3]),
  gather: (x) => tf.gather(x, tf.tensor1d([1, 1, 0], 'int32')),
};

const BINARY: Record<string, [Operation, number[], number[]]> = {
  add: [tf.add as Operation, [3, 4], [3, 4]],
  'add, broadcast': [tf.add as Operation, [2, 1, 4], [3, 1]],
  'sub, broadcast': [tf.sub as Operation, [2, 1, 4], [3, 1]],
  mul: [tf.mul as Operation, [3, 4], [3, 4]],
  'mul, broadcast': [tf.mul as Operation, [2, 1, 4], [3, 1]],
  'div, broadcast': [tf.div as Operation, [2, 1, 4], [3, 1]],
  addN: [(...xs) => tf.addN(xs), [3, 4], [3, 4]],
  matMul: [(a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor), [3, 4], [4, 5]],
  'matMul of batches': [(a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor), [2, 3, 4], [2, 4, 5]],
  'matMul, a transposed': [(a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor, true), [2, 4, 3], [2, 4, 5]],
  'matMul, b transposed': [(a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor, false, true), [2, 3, 4], [2, 5, 4]],
  'matMul, both transposed': [(a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor, true, true), [2, 4, 3], [2, 5, 4]],
};

describe.each(['wasm', 'cpu'] as const)('registered gradients on %s', (device) => {
  beforeAll(() => openBackend(device));

  it.each(Object.keys(UNARY))('%s has the gradient of finite differences', (name) => {
    const operation = UNARY[name] ?? tf.clone;
    expectGradientsOfFiniteDifferences(((x: tf.Tensor) => operation(x)) as Operation, [positive([2, 3, 4], 5)]);
  });

  it.each(Object.keys(BINARY))('%s has the gradients of finite differences', (name) => {
    const [operation, a, b] = BINARY[name] ?? [tf.addN as unknown as Operation, [], []];
    expectGradientsOfFiniteDifferences(operation, [positive(a, 5), positive(b, 6)]);
  });

  it('refuses the gradient of a matrix product with broadcast batch axes instead of giving a wrong one', () => {
    const b = randomTensor([1, 4, 5], 1);
    const gradient = (): tf.Tensor => tf.grad((a) => tf.sum(tf.matMul(a, b)))(randomTensor([2, 3, 4], 2));
    expect(gradient).toThrow('no gradient of a matrix product of [2,3,4] and [1,4,5]: reshape to equal batch axes');
  });
});
