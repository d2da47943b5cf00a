import { describe, expect, it } from 'vitest';
import { type PlotOptions, plotLines } from '../../../src/ui/plot/plot-lines.ts';
import { progressBar } from '../../../src/ui/plot/progress-bar.ts';
import { niceRange, tickLabel, ticks } from '../../../src/ui/plot/scale.ts';
import { smooth } from '../../../src/ui/plot/smooth.ts';
import { lineWidth } from '../../../src/ui/text/rich-line.ts';
import { themeFromEnvironment } from '../../../src/ui/theme.ts';

const theme = themeFromEnvironment({});
const ascii = themeFromEnvironment({ BLEUBIRD_ASCII: '1' });
const plain = themeFromEnvironment({ NO_COLOR: '1' });

function plot(options: Partial<PlotOptions>): string[] {
  const lines = plotLines({ series: [], width: 20, height: 6, theme, ...options });
  return lines.map((line) => line.map(({ text }) => text).join(''));
}

const line = (values: readonly (number | null)[]) => ({
  points: values.map((value, step) => ({ step, value })),
  tone: 'series0' as const,
});

describe('plotLines', () => {
  it('draws a rising line from corner to corner in braille dots', () => {
    // 4 columns of 2 dots by 2 rows of 4 dots: a diagonal of 8 dots, by hand from the braille table.
    expect(plot({ series: [line([0, 8])], width: 9, height: 3 })).toEqual(['8.0 ┤  ⡠⠊', '0.0 ┤⡠⠊', '     1']);
  });

  it('labels top, middle and bottom with round numbers and the steps below', () => {
    const rows = plot({ series: [line([4.4, 3.1, 1.2])], width: 40, height: 6, lastStep: 300 });
    expect(rows[0]).toMatch(/^5\.0 ┤/);
    expect(rows[2]).toMatch(/^3\.0 ┤/);
    expect(rows[4]).toMatch(/^1\.0 ┤/);
    expect(rows[5]).toMatch(/^ +0 +steps +300$/);
  });

  it.each([[4], [6], [9], [13], [17], [30]])('labels round values evenly with %i lines', (height) => {
    const shown = plot({ series: [line([1, 0.21, 0.63])], width: 40, height })
      .map((row, index) => ({ index, label: row.match(/^ *([\d.]+) [┤]/)?.[1] }))
      .filter(({ label }) => label !== undefined);
    const labels = shown.map(({ label }) => Number(label));
    for (const label of labels) expect(Number((label * 10).toFixed(9)) % 1).toBe(0);
    const steps = labels.slice(1).map((label, index) => Number(((labels[index] ?? 0) - label).toFixed(9)));
    expect(new Set(steps).size).toBe(1);
    expect(labels.length).toBeLessThanOrEqual(6);
    expect(labels.length).toBeGreaterThanOrEqual(height > 5 ? 3 : 2);
    for (const [index, { index: row }] of shown.slice(1).entries()) {
      expect(row - (shown[index]?.index ?? 0)).toBeGreaterThan(1);
    }
  });

  it('marks points above the lines, in whole cells', () => {
    const points = { ...line([5, null, 1]), shape: 'points', tone: 'series1' } as const;
    const rows = plot({ series: [points, line([5, 1, 5])], width: 25, height: 4 });
    expect(rows.join('').match(/◆/g)).toHaveLength(2);
    expect(rows[0]).toMatch(/┤◆/);
    expect(rows[2]).toMatch(/◆$/);
    const both = plot({ series: [{ ...line([5, 1]), shape: 'line-and-points' }], theme: plain });
    expect(both.join('')).toMatch(/◆[^◆]*[⠀-⣿][^◆]*◆/);
    expect(
      plot({ series: [line([5, 1, 5]), points], theme: ascii })
        .join('')
        .match(/[+]/g)?.length,
    ).toBeGreaterThan(2);
  });

  it('leaves a gap where a number is missing', () => {
    const [top] = plot({ series: [line([1, 1, null, 1, 1])], width: 25, height: 2, theme: ascii });
    expect(top?.slice(top.indexOf('+') + 1)).toMatch(/^\*+ +\*+$/);
  });

  it('gives each curve a mark of its own without colour or braille', () => {
    const series = [line([1, 1]), { ...line([2, 2]), tone: 'series1' as const }];
    expect(plot({ series, theme: plain }).join('\n')).toMatch(/\+{5}[\s\S]*•{5}/);
    expect(plot({ series, theme: ascii }).join('\n')).toMatch(/\+{5}[\s\S]*\*{5}/);
    expect(plot({ series }).join('')).not.toMatch(/[•*]/);
  });

  it('says so when there is nothing to draw', () => {
    const rows = plot({ series: [line([null, Number.NaN])], emptyText: 'Nothing yet.' });
    expect(rows.join('')).toContain('Nothing yet.');
    expect(rows).toHaveLength(6);
  });

  it.each([
    [1, 1],
    [5, 2],
    [12, 3],
    [80, 24],
    [300, 60],
  ])('never exceeds %i cells and %i lines', (width, height) => {
    for (const values of [[1], [1, 2, 3], [1e-9, 5e-9], [1e9, -1e9], [0, 0, 0]]) {
      const lines = plotLines({ series: [line(values)], width, height, theme });
      expect(lines).toHaveLength(height);
      if (width >= 12) for (const row of lines) expect(lineWidth(row)).toBeLessThanOrEqual(width);
    }
  });
});

describe('niceRange', () => {
  it.each([
    [[1.2, 4.4], { low: 1, high: 5 }],
    [[0.11, 0.29], { low: 0.1, high: 0.3 }],
    [[0, 1e-3], { low: 0, high: 0.001 }],
    [[-7, 13], { low: -10, high: 15 }],
    [[5, 5], { low: 4.5, high: 5.5 }],
    [[0], { low: -1, high: 1 }],
  ])('of %j is %j', (values, range) => {
    expect(niceRange(values)).toEqual(range);
  });

  it('is null without a finite number', () => {
    expect(niceRange([])).toBeNull();
    expect(niceRange([Number.NaN, Number.POSITIVE_INFINITY])).toBeNull();
  });
});

it.each([
  [3, { low: 1, high: 5 }, '3.0'],
  [0.25, { low: 0.2, high: 0.3 }, '0.25'],
  [1500, { low: 1000, high: 2000 }, '1500'],
  [5e-4, { low: 0, high: 1e-3 }, '5e-4'],
  [0, { low: 0, high: 1e-3 }, '0'],
])('tickLabel of %f within %j is %s', (value, range, label) => {
  expect(tickLabel(value, range)).toBe(label);
});

describe('ticks', () => {
  it.each([
    [{ low: 0, high: 1 }, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [{ low: 5, high: 20 }, [5, 10, 15, 20]],
    [{ low: 0, high: 90 }, [0, 20, 40, 60, 80]],
    [{ low: -0.3, high: 0.1 }, [-0.3, -0.2, -0.1, 0, 0.1]],
    [{ low: 0, high: 0.001 }, [0, 0.0002, 0.0004, 0.0006, 0.0008, 0.001]],
  ])('of %o are round values within it', (range, expected) => {
    expect(ticks(range)).toEqual(expected);
  });

  it.each([
    [5, [0, 0.4, 0.8]],
    [3, [0, 0.4, 0.8]],
    [2, [0, 1]],
    [1, [0, 1]],
  ])('are at most %i where that is wanted', (most, expected) => {
    expect(ticks({ low: 0, high: 1 }, most)).toEqual(expected);
  });
});

describe('smooth', () => {
  const values = (given: readonly (number | null)[], weight: number) =>
    smooth(
      given.map((value, step) => ({ step, value })),
      weight,
    ).map(({ value }) => (value === null ? null : Number(value.toFixed(6))));

  // By hand from TensorBoard's formula: last = w * last + (1 - w) * value, divided by 1 - w^n.
  it('is the exponential moving average, rid of the bias of its beginning', () => {
    expect(values([4, 2, 8], 0.5)).toEqual([4, 2.666667, 5.714286]);
    expect(values([3, 3, 3], 0.9)).toEqual([3, 3, 3]);
  });

  it('leaves gaps, which count for nothing', () => {
    expect(values([4, null, Number.NaN, 2], 0.5)).toEqual([4, null, null, 2.666667]);
    expect(values([], 0.5)).toEqual([]);
  });
});

describe('progressBar', () => {
  it.each([
    [0, '', '──────────'],
    [0.5, '━━━━━', '─────'],
    [0.56, '━━━━━╸', '────'],
    [1, '━━━━━━━━━━', ''],
    [1.5, '━━━━━━━━━━', ''],
    [-1, '', '──────────'],
    [Number.NaN, '', '──────────'],
  ])('%f of ten cells', (share, filled, empty) => {
    expect(progressBar(share, 10, theme.symbols)).toEqual({ filled, empty });
  });
});
