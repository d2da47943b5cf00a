import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../../src/engine/backend/open-backend.ts';
import { embedding } from '../../../../src/engine/model/ops/embedding.ts';
import { expectGradientsOfFiniteDifferences, randomTensor } from './finite-differences.ts';

const PAD = 4;

describe.each(['wasm', 'cpu'] as const)('embedding on %s', (device) => {
  beforeAll(() => openBackend(device));

  const positions = (): tf.Tensor2D => tf.tensor2d([0, 1, 2, 10, 11, 12], [2, 3]);

  it('looks up, scales, and adds the position of each place', () => {
    const table = tf.tensor2d([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4], [5, 3]);
    const found = embedding(table, Int32Array.of(1, 3, 2, PAD), { scale: 2, positions: positions(), padTokenId: PAD });
    expect(found.arraySync()).toEqual([
      [2, 3, 4],
      [16, 17, 18],
      [4, 5, 6],
      [18, 19, 20],
    ]);
  });

  it('has the gradient of finite differences where no pad is looked up', () => {
    const options = { scale: 1.5, positions: positions(), padTokenId: PAD };
    const ids = Int32Array.of(1, 3, 3, 1, 3, 0); // ids that come again are summed
    expectGradientsOfFiniteDifferences(
      (table) => embedding(table as tf.Tensor2D, ids, options),
      [randomTensor([5, 3], 1)],
    );
  });

  it("gives the pad's row no gradient", () => {
    const ids = Int32Array.of(1, PAD, PAD, 2);
    const gradient = tf.grad((table) =>
      embedding(table as tf.Tensor2D, ids, { scale: 1, positions: positions(), padTokenId: PAD }),
    )(randomTensor([5, 3], 1));
    expect(gradient.arraySync()).toEqual([
      [0, 0, 0],
      [1, 1, 1],
      [1, 1, 1],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('refuses an id outside the vocabulary', () => {
    const run = (): unknown =>
      embedding(randomTensor([5, 3], 1) as tf.Tensor2D, Int32Array.of(1, 5), {
        scale: 1,
        positions: positions(),
        padTokenId: PAD,
      });
    expect(run).toThrow(new RangeError("row 5 is outside the table's 5 rows"));
  });
});
