import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, test } from 'vitest';
import { clippingScale, globalNorm } from '../../../src/engine/training/gradient-clipping.ts';
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
    const scale = Math.fround(clippingScale(measured, maxNorm));
    for (const [name, values] of Object.entries(clipped)) {
      const actual = (gradients[name] ?? []).map((value) => Math.fround(value * scale));
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

test('A limit of 0, or one above the norm, leaves the gradients alone, and a NaN among them makes the norm NaN.', async () => {
  expect(clippingScale(50, 0)).toBe(1);
  expect(clippingScale(0.9, 1)).toBe(1);
  expect(clippingScale(0, 1)).toBe(1);
  const gradients = new Map<string, tf.Tensor>([['a', tf.tensor([30, 40])]]);
  expect(await globalNorm(gradients)).toBe(50);
  gradients.set('b', tf.tensor([Number.NaN]));
  expect(await globalNorm(gradients)).toBeNaN();
  expect(await globalNorm(new Map())).toBe(0);
  tf.dispose([...gradients.values()]);
});
