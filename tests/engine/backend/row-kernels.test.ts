import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import { gatherRows, scatterAddRows } from '../../../src/engine/backend/row-kernels.ts';

describe.each(['wasm', 'cpu'] as const)('row kernels on %s', (device) => {
  beforeAll(() => openBackend(device));

  const table = (): tf.Tensor2D => tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);

  it('gathers rows in the order asked for, of any shape', () => {
    expect(gatherRows(table(), Int32Array.of(2, 0, 2)).arraySync()).toEqual([
      [5, 6],
      [1, 2],
      [5, 6],
    ]);
    const cubes = tf.reshape(tf.range(0, 12), [3, 2, 2]) as tf.Tensor3D;
    expect(gatherRows(cubes, Int32Array.of(1)).arraySync()).toEqual([
      [
        [4, 5],
        [6, 7],
      ],
    ]);
    expect(gatherRows(table(), new Int32Array()).shape).toEqual([0, 2]);
  });

  it('sums rows that go to the same place and leaves the others zero', () => {
    const found = scatterAddRows(table(), Int32Array.of(3, 1, 3), 5);
    expect(found.arraySync()).toEqual([
      [0, 0],
      [3, 4],
      [0, 0],
      [6, 8],
      [0, 0],
    ]);
  });

  it('refuses an index outside the table', () => {
    expect(() => gatherRows(table(), Int32Array.of(0, 3))).toThrow(
      new RangeError("row 3 is outside the table's 3 rows"),
    );
    expect(() => scatterAddRows(table(), Int32Array.of(0, -1, 1), 2)).toThrow("row -1 is outside the table's 2 rows");
  });

  it('agrees with the operations of tfjs it stands in for', () => {
    const indices = Int32Array.of(2, 2, 1);
    const expected = tf.gather(table(), tf.tensor1d(indices, 'int32'));
    expect(gatherRows(table(), indices).arraySync()).toEqual(expected.arraySync());
  });
});
