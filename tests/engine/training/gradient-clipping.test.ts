import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, test } from 'vitest';
import { clipByGlobalNorm, globalNorm } from '../../../src/engine/training/gradient-clipping.ts';
import { expectClose, readFixture } from './numbers.ts';

interface Case {
  readonly maxNorm: number;
  readonly norm: number;
  readonly gradients: Record<string, number[]>;
  readonly clipped: Record<string, number[]>;
}

beforeAll(async () => {
  tf.enableProdMode();
  await tf.setBackend('cpu');
});

test.each(readFixture<Case[]>('clipping.json'))(
  'A norm of $norm is clipped to $maxNorm as torch clips it.',
  async ({ maxNorm, norm, gradients, clipped }) => {
    const before = tf.memory().numTensors;
    const map = new Map(
      Object.entries(gradients).map(([name, values]): [string, tf.Tensor] => [name, tf.tensor(values)]),
    );
    const measured = await globalNorm(map);
    expect(Math.abs(measured - norm) / norm).toBeLessThan(1e-6);
    clipByGlobalNorm(map, measured, maxNorm);
    for (const [name, values] of Object.entries(clipped)) {
      const actual = map.get(name)?.dataSync() ?? [];
      expectClose(
        Array.from(actual, (value) => value / maxNorm),
        values.map((value) => value / maxNorm),
        1e-6,
      );
    }
    tf.dispose([...map.values()]);
    expect(tf.memory().numTensors).toBe(before);
  },
);

test('A limit of 0 leaves the gradients alone, and a NaN among them makes the norm NaN.', async () => {
  const map = new Map<string, tf.Tensor>([['a', tf.tensor([30, 40])]]);
  clipByGlobalNorm(map, await globalNorm(map), 0);
  expectClose(map.get('a')?.dataSync() ?? [], [30, 40], 0);
  map.set('b', tf.tensor([Number.NaN]));
  expect(await globalNorm(map)).toBeNaN();
  tf.dispose([...map.values()]);
});
