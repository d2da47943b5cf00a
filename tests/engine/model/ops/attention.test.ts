import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../../src/engine/backend/open-backend.ts';
import { type AttentionOptions, attention, HIDDEN } from '../../../../src/engine/model/ops/attention.ts';
import { expectClose, expectGradientsOfFiniteDifferences, randomTensor } from './finite-differences.ts';

const BATCH = 2;
const QUERIES = 3;
const KEYS = 4;
const SIZE = 6;

describe.each(['wasm', 'cpu'] as const)('attention on %s', (device) => {
  beforeAll(() => openBackend(device));

  const inputs = (): tf.Tensor3D[] =>
    [QUERIES, KEYS, KEYS].map((length, i) => tf.mul(2, randomTensor([BATCH, length, SIZE], i + 1)));
  const paddingMask = (): tf.Tensor4D => tf.tensor4d([0, 0, 0, HIDDEN, 0, HIDDEN, HIDDEN, HIDDEN], [BATCH, 1, 1, KEYS]);
  const run = (xs: tf.Tensor[], options: AttentionOptions): tf.Tensor =>
    attention(...(xs as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D]), options);

  it.each([1, 2, 3])('computes softmax(q·kᵀ/√d)·v head by head for %i heads', (heads) => {
    const [query, key, value] = inputs() as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
    const found = attention(query, key, value, { heads, mask: paddingMask() });
    const lengths = [3, 1];
    const expected = slowAttention(query.arraySync(), key.arraySync(), value.arraySync(), heads, lengths);
    expectClose(found.dataSync(), expected, 1e-5, `${heads} heads`);
  });

  it('gives a hidden position no weight at all, whatever its values', () => {
    const [query, key, value] = inputs() as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
    const hidden = tf.tensor3d(
      [0, 0, 0, 1, 0, 1, 1, 1].flatMap((flag) => Array(SIZE).fill(flag)),
      [BATCH, KEYS, SIZE],
    );
    const wild = (x: tf.Tensor3D): tf.Tensor3D => tf.add(x, tf.mul(hidden, 1e4));
    const before = attention(query, key, value, { heads: 2, mask: paddingMask() });
    const after = attention(query, wild(key), wild(value), { heads: 2, mask: paddingMask() });
    expect(after.dataSync()).toEqual(before.dataSync());
  });

  it('has the gradients of finite differences, with padding hidden', () => {
    const mask = paddingMask();
    expectGradientsOfFiniteDifferences((...xs) => run(xs, { heads: 2, mask }), inputs());
  });

  it('has the gradients of finite differences, with dropout on the probabilities', () => {
    const values = Array.from({ length: BATCH * 2 * QUERIES * KEYS }, (_, i) => (i % 3 === 0 ? 0 : 1.5));
    const dropoutMask = tf.tensor4d(values, [BATCH, 2, QUERIES, KEYS]);
    expectGradientsOfFiniteDifferences((...xs) => run(xs, { heads: 2, mask: null, dropoutMask }), inputs());
  });
});

/** The formula, number by number, in float64; keys beyond a sentence's length are left out. */
function slowAttention(
  query: number[][][],
  key: number[][][],
  value: number[][][],
  heads: number,
  lengths: number[],
): number[] {
  const size = SIZE / heads;
  return query.flatMap((rows, b) =>
    rows.flatMap((row) =>
      Array.from({ length: SIZE }, (_, column) => {
        const start = Math.floor(column / size) * size;
        const keys = (key[b] ?? []).slice(0, lengths[b]);
        const weights = keys.map((k) => {
          const head = k.slice(start, start + size);
          const score = head.reduce((sum, x, i) => sum + x * (row[start + i] ?? 0), 0);
          return Math.exp(score / Math.sqrt(size));
        });
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        return weights.reduce((sum, weight, i) => sum + (weight / total) * (value[b]?.[i]?.[column] ?? 0), 0);
      }),
    ),
  );
}
