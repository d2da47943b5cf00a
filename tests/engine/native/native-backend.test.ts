import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import { fusedOps } from '../../../src/engine/model/ops/current-ops.ts';
import { ParameterGradient } from '../../../src/engine/model/ops/parameter-gradient.ts';
import type { NativeAddon } from '../../../src/engine/native/addon-functions.ts';
import { expectClose, randomTensor } from '../model/ops/finite-differences.ts';
import { countBlocks, isAddonBuilt, openNativeForTests } from './native-support.ts';

describe.skipIf(!isAddonBuilt)('the native backend', () => {
  let addon: NativeAddon;
  beforeAll(async () => {
    addon = await openNativeForTests();
  });

  it('gives back what was written, as copies', async () => {
    const floats = tf.tensor2d([1, Number.NaN, Number.POSITIVE_INFINITY, -0, 1e-40, 3], [2, 3]);
    const read = floats.dataSync();
    expect([...read]).toEqual([1, Number.NaN, Number.POSITIVE_INFINITY, -0, Math.fround(1e-40), 3]);
    read[0] = 9;
    expect((await floats.data())[0]).toBe(1);
    expect([...tf.tensor1d([7, -8], 'int32').dataSync()]).toEqual([7, -8]);
    expect([...tf.tensor1d([true, false], 'bool').dataSync()]).toEqual([1, 0]);
    expect([...tf.zeros([0, 4]).dataSync()]).toEqual([]);
    expect([...tf.fill([3], 2.5).dataSync()]).toEqual([2.5, 2.5, 2.5]);
  });

  it('refuses strings and complex numbers', () => {
    expect(() => tf.tensor1d(['a'])).toThrow(
      'the native backend holds no string tensors, only float32, int32 and bool',
    );
    expect(() => tf.complex([1], [2])).toThrow('The native backend has no kernel Complex');
  });

  it('names a kernel it lacks, and what to do', () => {
    expect(() => tf.cos([1])).toThrow('The native backend has no kernel Cos');
    expect(() => tf.cos([1])).toThrow(
      expect.objectContaining({
        code: 'DEVICE',
        hint: 'Use --device wasm for this, or add the kernel to src/engine/native/native-kernels.ts.',
      }),
    );
  });

  it('frees the block of a tensor with its last clone, reshape or variable', () => {
    const before = countBlocks(addon);
    const tensor = tf.tensor1d([1, 2, 3, 4]);
    const [clone, reshaped, variable] = [tf.clone(tensor), tf.reshape(tensor, [2, 2]), tf.variable(tensor)];
    expect(countBlocks(addon)).toBe(before + 1);
    tf.dispose([tensor, clone, reshaped]);
    expect([...variable.dataSync()]).toEqual([1, 2, 3, 4]);
    variable.dispose();
    expect(countBlocks(addon)).toBe(before);
  });

  it('leaves a clone as it was when a kernel writes the variable it was taken of', () => {
    const gradient = new ParameterGradient([3]);
    gradient.add(tf.tensor1d([1, 2, 3]));
    const clone = tf.clone(gradient.sum);
    const weight = new ParameterGradient([3, 2]);
    const [x, grad] = [tf.zeros([1, 2]) as tf.Tensor2D, tf.tensor2d([10, 20, 30], [1, 3])];
    const saved = { x, weight: tf.zeros([3, 2]) as tf.Tensor2D, sum: null, activation: 'none' } as const;
    fusedOps().linearBackward(grad, saved, { weight, bias: gradient });
    expect([...clone.dataSync()]).toEqual([1, 2, 3]);
    expect([...gradient.sum.dataSync()]).toEqual([11, 22, 33]);
  });

  it('keeps no block of what an operation made on its way', () => {
    const before = countBlocks(addon);
    const [x, weight, bias] = [
      tf.ones([2, 3]) as tf.Tensor2D,
      tf.ones([4, 3]) as tf.Tensor2D,
      tf.ones([4]) as tf.Tensor1D,
    ];
    const gradients = { weight: new ParameterGradient([4, 3]), bias: new ParameterGradient([4]) };
    const { output, sum } = fusedOps().linear(x, weight, bias, 'silu', true);
    const gradX = fusedOps().linearBackward(output, { x, weight, sum, activation: 'silu' }, gradients);
    tf.dispose([x, weight, bias, output, gradX, sum].filter((tensor) => tensor !== null));
    gradients.weight.dispose();
    gradients.bias.dispose();
    expect(countBlocks(addon)).toBe(before);
  });

  it('multiplies with the new values of a weight after each kind of change', () => {
    const weight = tf.variable(tf.tensor2d([1, 2, 3, 4], [2, 2])) as tf.Variable<tf.Rank.R2>;
    const [x, bias] = [tf.tensor2d([1, 0], [1, 2]), tf.zeros([2]) as tf.Tensor1D];
    const product = () => [...fusedOps().linear(x, weight, bias, 'none', false).output.dataSync()];
    expect(product()).toEqual([1, 3]);
    tf.tidy(() => weight.assign(tf.tensor2d([5, 6, 7, 8], [2, 2]))); // no clone is left: AdamW writes in place
    expect(product()).toEqual([5, 7]);
    const zero = () => tf.variable(tf.zeros([2, 2]));
    const numbers = { gradientScale: 1, beta1: 0, beta2: 0, epsilon: 0, stepSize: 1, squareCorrection: 1, decay: 0 };
    fusedOps().adamwStep(
      [{ value: weight, gradient: tf.ones([2, 2]), mean: zero(), square: zero(), isDecayed: false }],
      numbers,
    );
    expect(product()).toEqual([4, 6]);
  });

  it('refuses shapes its blocks are too small for, unknown blocks and ids outside the table', () => {
    const small = addon.allocate(64);
    const large = addon.allocate(4096);
    const ids = (id: number) => Int32Array.of(id);
    expect(() => addon.add(small, large, 1024, large)).toThrow(RangeError);
    expect(() => addon.add(large, large, 1024, small)).toThrow(RangeError);
    expect(() => addon.layerNorm(large, large, large, small, 1, 1024, large, large, large, 0, 0, 0)).toThrow(
      RangeError,
    );
    expect(() => addon.embed(large, 4, large, 1, 8, ids(4), ids(0), 1, large, 0, 0, 0)).toThrow(
      "row 4 is outside the table's 4 rows",
    );
    expect(() => addon.embed(large, 4, large, 1, 8, ids(-1), ids(0), 1, large, 0, 0, 0)).toThrow(RangeError);
    expect(() => addon.embedBackward(large, ids(4), 8, 1, 0, large, 4, false, 0, 0, 0)).toThrow(RangeError);
    expect(() => addon.gatherRows(large, 4, ids(4), 1, 8, 4, large)).toThrow(RangeError);
    expect(() => addon.dropout(small, 16, small, 1, 0, 0)).toThrow('a dropout rate must be in [0, 1)');
    expect(() => addon.sumOfSquares(ids(small), ids(1024))).toThrow(RangeError);
    expect(() => addon.copyStrided(small, 0, ids(1024), ids(1), 4, large)).toThrow(RangeError);
    expect(() => addon.copyStrided(small, 0, ids(4), ids(-1), 4, large)).toThrow(
      'a strided copy begins before its block',
    );
    addon.free(small);
    expect(() => addon.add(small, large, 1, large)).toThrow(RangeError);
    addon.free(large);
  });

  it('lets NaN through every operation', () => {
    const ops = fusedOps();
    const x = tf.tensor2d([Number.NaN, 1, 2, 3], [2, 2]);
    const ones = tf.ones([2]) as tf.Tensor1D;
    const weight = tf.tensor2d([1, 0, 0, 1], [2, 2]);
    const dropout = { rate: 0.9, seedKey: 1, siteKey: 2 };
    const firstOf = (tensor: tf.Tensor): number | undefined => tensor.dataSync()[0];
    for (const activation of ['none', 'silu', 'relu', 'gelu'] as const) {
      expect(firstOf(ops.linear(x, weight, ones, activation, true).output), activation).toBeNaN();
    }
    expect(firstOf(ops.residualLayerNorm(x, tf.zeros([2, 2]), ones, ones, dropout).output)).toBeNaN();
    expect(firstOf(ops.dropout(x, dropout))).toBeNaN();
    expect(firstOf(ops.add(x, x))).toBeNaN();
    return expect(ops.sumOfSquares([ones, x])).resolves.toBeNaN();
  });
});

/** Results of tfjs operations that decoding and tests use, at shapes that need broadcasting and strides. */
function tfjsResults(): Record<string, ArrayLike<number>> {
  return tf.tidy(() => {
    const x = randomTensor([2, 3, 4, 5], 1) as tf.Tensor4D;
    const y = randomTensor([3, 1, 5], 2);
    const m = randomTensor([6, 7], 3) as tf.Tensor2D;
    const top = tf.topk(m, 3);
    const results: Record<string, tf.Tensor> = {
      ...{ add: tf.add(x, y), sub: tf.sub(y, x), mul: tf.mul(x, 3), div: tf.div(x, tf.scalar(7)) },
      ...{ maximum: tf.maximum(x, y), minimum: tf.minimum(x, y) },
      ...{ exp: tf.exp(x), log: tf.log(tf.abs(x)), rsqrt: tf.rsqrt(tf.square(x)), relu: tf.relu(tf.neg(x)) },
      ...{ sigmoid: tf.sigmoid(x), tanh: tf.tanh(x), step: tf.step(x), sqrt: tf.sqrt(tf.abs(x)) },
      ...{ sum: tf.sum(x, [1, 3]), mean: tf.mean(x, 0, true), max: tf.max(x, 2), total: tf.sum(x) },
      ...{ argMax: tf.argMax(x, 1), softmax: tf.softmax(x), values: top.values, indices: top.indices },
      ...{ transpose: tf.transpose(x, [0, 2, 1, 3]), slice: tf.slice(x, [0, 1, 1, 2], [2, 2, -1, 2]) },
      ...{ concat: tf.concat([x, x], 2), stack: tf.stack([m, m], 1), addN: tf.addN([m, m, m]) },
      gather: tf.gather(x, tf.tensor2d([2, 0, 1, 1], [2, 2], 'int32'), 1),
      scatter: tf.scatterND(tf.tensor2d([0, 1, 2, 1, 0, 1], [3, 2], 'int32'), tf.tensor1d([1, 2, 3]), [3, 4]),
      matMul: tf.matMul(x, tf.transpose(x, [0, 1, 3, 2])),
      transposed: tf.matMul(x, x, true, false),
      shared: tf.matMul(x, randomTensor([1, 1, 6, 5], 5) as tf.Tensor4D, false, true),
      fused: tf.fused.matMul({ a: m, b: m, transposeB: true, bias: tf.ones([6]), activation: 'relu' }),
      cast: tf.cast(tf.cast(m, 'bool'), 'float32'),
    };
    return Object.fromEntries(
      Object.entries(results).map(([name, result]) => [name, Float32Array.from(result.dataSync())]),
    );
  });
}

it.skipIf(!isAddonBuilt)('The tfjs kernels of native give what those of cpu give.', async () => {
  await openBackend('cpu');
  const expected = tfjsResults();
  const addon = await openNativeForTests();
  const before = countBlocks(addon);
  for (const [name, values] of Object.entries(tfjsResults())) expectClose(values, expected[name] ?? [], 2e-6, name);
  expect(countBlocks(addon)).toBe(before);
});
