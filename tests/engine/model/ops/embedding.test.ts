import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { seededDropout } from '../../../../src/engine/model/ops/dropout.ts';
import { type EmbeddingOptions, embedding } from '../../../../src/engine/model/ops/embedding.ts';
import type { Tape } from '../../../../src/engine/model/ops/tape.ts';
import { devices, openInFloat32 } from './devices.ts';
import { expectGradientsOfFiniteDifferences, gradientsOf, randomTensor } from './finite-differences.ts';

const PAD = 4;

describe.each(devices)('embedding on %s', (device) => {
  beforeAll(() => openInFloat32(device));

  const options = (places: number[], changes: Partial<EmbeddingOptions> = {}): EmbeddingOptions => ({
    scale: 1.5,
    positions: tf.tensor2d([0, 1, 2, 10, 11, 12], [2, 3]),
    places: Int32Array.from(places),
    padTokenId: PAD,
    dropout: null,
    ...changes,
  });
  const lookUp = (ids: number[], given: EmbeddingOptions) => (tape: Tape | null, _: unknown, tables: tf.Tensor[]) =>
    embedding(tape, tables[0] as tf.Tensor2D, Int32Array.from(ids), given);

  it('looks up, scales, and adds the position of each place', () => {
    const table = tf.tensor2d([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4], [5, 3]);
    const found = lookUp([1, 3, 2, PAD], options([0, 1, 0, 1], { scale: 2 }))(null, null, [table]);
    expect(found.value.arraySync()).toEqual([
      [2, 3, 4],
      [16, 17, 18],
      [4, 5, 6],
      [18, 19, 20],
    ]);
  });

  it.each([0, 0.4])('has the gradient of finite differences where no pad is looked up, with dropout %f', (rate) => {
    const given = options([0, 1, 0, 0, 1, 0], { dropout: seededDropout(2).next(rate) });
    const table = randomTensor([5, 3], 1);
    // ids that come again are summed
    expectGradientsOfFiniteDifferences(lookUp([1, 3, 3, 1, 3, 0], given), { rows: [], parameters: [table] });
  });

  it("gives the pad's row no gradient", () => {
    const table = randomTensor([5, 3], 1);
    const run = lookUp([1, PAD, PAD, 2], options([0, 1, 0, 1]));
    const [gradient = []] = gradientsOf(run, { rows: [], parameters: [table] });
    const [first, , , last] = tf.mul(1.5, randomTensor([4, 3], 99)).arraySync() as number[][];
    expect([...gradient]).toEqual([0, 0, 0, ...(first ?? []), ...(last ?? []), 0, 0, 0, 0, 0, 0]);
  });

  it('refuses an id outside the vocabulary', () => {
    for (const id of [5, -1]) {
      expect(() => lookUp([1, id], options([0, 0]))(null, null, [randomTensor([5, 3], 1)])).toThrow(
        new RangeError(`id ${id} is outside the vocabulary of 5 pieces`),
      );
    }
  });
});
