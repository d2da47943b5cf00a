import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../../src/engine/backend/open-backend.ts';
import { dropout, NO_DROPOUT, seededDropout } from '../../../../src/engine/model/ops/dropout.ts';
import type { Dropout } from '../../../../src/engine/model/ops/fused-ops.ts';
import { type Rows, rowsOf } from '../../../../src/engine/model/ops/tape.ts';
import { expectGradientsOfFiniteDifferences, randomTensor } from './finite-differences.ts';

const SIZE = 200_000;

/** What the dropout of a site makes of ones. */
function mask(seed: number, site = 1, rate = 0.1): Float32Array {
  const sites = seededDropout(seed);
  let last: Dropout | null = null;
  for (let i = 0; i < site; i++) last = sites.next(rate);
  return tf.tidy(() =>
    dropout(null, rowsOf(tf.ones([SIZE / 100, 100])), last)
      .value.dataSync<'float32'>()
      .slice(),
  );
}

/** Share of places that are zero in both. */
function zerosInBoth(a: Float32Array, b: Float32Array): number {
  return a.reduce((count, value, i) => count + (value === 0 && b[i] === 0 ? 1 : 0), 0) / a.length;
}

describe('dropout', () => {
  beforeAll(() => openBackend('wasm'));

  it.each([0.1, 0.5, 0.9])('drops the share %f of the places and scales up the rest', (rate) => {
    const values = mask(7, 1, rate);
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
    const dropped = values.filter((value) => value === 0).length / SIZE;
    const deviation = Math.sqrt((rate * (1 - rate)) / SIZE);
    expect(Math.abs(dropped - rate)).toBeLessThan(4 * deviation);
  });

  it('drops the same places for the same seed', () => {
    expect(mask(7)).toEqual(mask(7));
    expect(mask(7, 3)).toEqual(mask(7, 3));
  });

  it('drops unrelated places for neighbouring seeds, sites and places', () => {
    const base = mask(7);
    const deviation = Math.sqrt(0.01 / SIZE);
    const shifted = (by: number): Float32Array => Float32Array.from(base, (_, i) => base[(i + by) % SIZE] ?? 0);
    for (const other of [mask(8), mask(6), mask(-7), mask(7, 2), mask(7, 3), shifted(1), shifted(2), shifted(192)]) {
      expect(Math.abs(zerosInBoth(base, other) - 0.01)).toBeLessThan(4 * deviation);
    }
  });

  it('is nothing where nothing is dropped, and keeps the streams of later sites', () => {
    expect(NO_DROPOUT.next(0.5)).toBeNull();
    const sites = seededDropout(7);
    expect(sites.next(0)).toBeNull();
    const [first, second] = [sites.next(0.1), seededDropout(7)];
    second.next(0.1);
    expect(first).toEqual(second.next(0.1));
    const x = rowsOf(tf.zeros([1, 1]));
    expect(dropout(null, x, null)).toBe(x);
  });

  it('has the gradient of finite differences', () => {
    const site = seededDropout(3).next(0.3);
    const x = randomTensor([5, 7], 1);
    expectGradientsOfFiniteDifferences((tape, rows) => dropout(tape, rows[0] as Rows, site), { rows: [x] });
  });
});
