import { describe, expect, it } from 'vitest';
import {
  formatAge,
  formatBleu,
  formatBytes,
  formatChance,
  formatCount,
  formatDelta,
  formatDuration,
  formatNumber,
} from '../../../src/ui/text/format.ts';
import { themeFromEnvironment } from '../../../src/ui/theme.ts';

const { symbols } = themeFromEnvironment({});

it.each([
  [1 / 1001, 'p < 0.001'],
  [0.001, 'p = 0.001'],
  [0.0234, 'p = 0.023'],
  [1, 'p = 1.000'],
])('formatChance of %f is %s', (pValue, text) => {
  expect(formatChance(pValue)).toBe(text);
});

describe('formatDelta', () => {
  it.each([
    [33.04, '▲ +33.0', 'good'],
    [-1.2, '▼ −1.2', 'bad'],
    [0, '= 0.0', 'muted'],
    [0.04, '= 0.0', 'muted'],
    [null, '–', 'muted'],
    [Number.NaN, '–', 'muted'],
  ])('%f is %s, and %s', (delta, text, tone) => {
    expect(formatDelta(delta, symbols)).toMatchObject({ text, style: { tone } });
  });

  it('takes a falling loss for good', () => {
    expect(formatDelta(-2.981, symbols, { decimals: 2, isLowerBetter: true })).toMatchObject({
      text: '▼ −2.98',
      style: { tone: 'good' },
    });
  });
});

it.each([
  [null, '–'],
  [0, '0.0'],
  [52.87, '52.9'],
  [100, '100.0'],
])('formatBleu of %s is %s', (score, text) => {
  expect(formatBleu(score, symbols)).toBe(text);
});

it.each([
  [null, '?'],
  [Number.POSITIVE_INFINITY, '?'],
  [-3, '0s'],
  [59.4, '59s'],
  [59.6, '1m 00s'],
  [192, '3m 12s'],
  [3600, '1h 00m'],
  [7510, '2h 05m'],
  [86_400 * 3 + 3600 * 4, '3d 04h'],
])('formatDuration of %s is %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

it.each([
  [0, 'now'],
  [-5_000, 'now'],
  [59_999, 'now'],
  [60_000, '1m'],
  [3_600_000 * 5, '5h'],
  [86_400_000 * 13, '13d'],
  [86_400_000 * 15, '2w'],
])('formatAge of %i ms is %s', (ms, text) => {
  expect(formatAge(ms)).toBe(text);
});

it.each([
  [null, 'NaN'],
  [Number.NaN, 'NaN'],
  [0, '0'],
  [2e-5, '2e-5'],
  [5.4321e-4, '5.43e-4'],
  [1e-10, '1e-10'],
  [0.001, '0.001'],
  [1.84932, '1.849'],
  [123456, '123500'],
  [1.5e7, '1.5e7'],
  [-3, '-3'],
])('formatNumber of %s is %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

it.each([
  [null, '?'],
  [250, '250'],
  [16_384, '16.4k'],
  [74_600_000, '74.6M'],
])('formatCount of %s is %s', (count, text) => {
  expect(formatCount(count)).toBe(text);
});

it.each([
  [999, '999 B'],
  [40_900_000, '40.9 MB'],
  [2.5e9, '2.5 GB'],
])('formatBytes of %i is %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
