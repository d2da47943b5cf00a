import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../../src/engine/backend/open-backend.ts';
import { NO_DROPOUT, seededDropout } from '../../../../src/engine/model/ops/dropout.ts';

const SIZE = 200_000;

function mask(seed: number, site = 1, probability = 0.1): Float32Array {
  const masks = seededDropout(seed);
  let values = new Float32Array();
  for (let i = 0; i < site; i++) values = (masks.next([SIZE], probability)?.dataSync<'float32'>() ?? values).slice();
  return values;
}

/** Share of places that are zero in both. */
function zerosInBoth(a: Float32Array, b: Float32Array): number {
  return a.reduce((count, value, i) => count + (value === 0 && b[i] === 0 ? 1 : 0), 0) / a.length;
}

describe('seededDropout', () => {
  beforeAll(() => openBackend('wasm'));

  it.each([0.1, 0.5, 0.9])('drops the share %f of the places and scales up the rest', (probability) => {
    const values = mask(7, 1, probability);
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / (1 - probability))]));
    const dropped = values.filter((value) => value === 0).length / SIZE;
    const deviation = Math.sqrt((probability * (1 - probability)) / SIZE);
    expect(Math.abs(dropped - probability)).toBeLessThan(4 * deviation);
  });

  it('gives the same masks for the same seed', () => {
    expect(mask(7)).toEqual(mask(7));
    expect(mask(7, 3)).toEqual(mask(7, 3));
  });

  it('gives unrelated masks to neighbouring seeds, sites and places', () => {
    const base = mask(7);
    const deviation = Math.sqrt(0.01 / SIZE);
    const shifted = (by: number): Float32Array => Float32Array.from(base, (_, i) => base[(i + by) % SIZE] ?? 0);
    for (const other of [mask(8), mask(6), mask(-7), mask(7, 2), mask(7, 3), shifted(1), shifted(2), shifted(192)]) {
      expect(Math.abs(zerosInBoth(base, other) - 0.01)).toBeLessThan(4 * deviation);
    }
  });

  it('makes no mask where nothing is dropped, and keeps the streams of later sites', () => {
    expect(NO_DROPOUT.next([3], 0.5)).toBeNull();
    const masks = seededDropout(7);
    expect(masks.next([3], 0)).toBeNull();
    expect(masks.next([SIZE], 0.1)?.dataSync()).toEqual(mask(7, 2));
  });
});
