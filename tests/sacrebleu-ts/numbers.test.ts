import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { exp, log } from '../../src/sacrebleu-ts/src/exact/exp-log.ts';
import { compensatedSum } from '../../src/sacrebleu-ts/src/python/compensated-sum.ts';
import { formatFixed, formatFloat } from '../../src/sacrebleu-ts/src/python/format-number.ts';
import { splitWords, stripEnd } from '../../src/sacrebleu-ts/src/python/white-space.ts';

function readFixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/sacrebleu/${name}`, import.meta.url), 'utf8'));
}

const pairs = z.array(z.tuple([z.number(), z.number()]));
const numbers = z
  .object({
    exp: pairs,
    log: pairs,
    fixed: z.array(z.tuple([z.number(), z.number(), z.string()])),
    shortest: z.array(z.tuple([z.number(), z.string()])),
  })
  .parse(readFixture('numbers.json'));
const { sums } = z
  .object({ sums: z.array(z.tuple([z.array(z.number()), z.union([z.number(), z.literal('inf')])])) })
  .parse(readFixture('sums.json'));

describe('exp and log', () => {
  it('round to the nearest double, where Math does not', () => {
    for (const [x, nearest] of numbers.exp) expect([x, exp(x)]).toEqual([x, nearest]);
    for (const [x, nearest] of numbers.log) expect([x, log(x)]).toEqual([x, nearest]);
  });

  it('know their limits', () => {
    expect([exp(0), exp(-0), exp(-750), exp(710), exp(Number.NaN)]).toEqual([
      1,
      1,
      0,
      Number.POSITIVE_INFINITY,
      Number.NaN,
    ]);
    expect([exp(Number.NEGATIVE_INFINITY), exp(Number.POSITIVE_INFINITY)]).toEqual([0, Number.POSITIVE_INFINITY]);
    expect([log(1), log(0), log(-1)]).toEqual([0, Number.NEGATIVE_INFINITY, Number.NaN]);
    expect(log(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('the sum', () => {
  it('is that of Python 3.13, and not a plain one', () => {
    for (const [values, sum] of sums)
      expect(compensatedSum(values)).toBe(sum === 'inf' ? Number.POSITIVE_INFINITY : sum);
    const plain = sums.filter(([values, sum]) => values.reduce((total, value) => total + value, 0) === sum);
    expect(plain.length).toBeLessThan(sums.length * 0.9);
  });
});

describe('numbers in text', () => {
  it('have fixed decimals with ties to even, as Python', () => {
    for (const [value, decimals, text] of numbers.fixed) expect(formatFixed(value, decimals)).toBe(text);
    expect(() => formatFixed(Number.NaN, 1)).toThrow('NaN cannot be printed with a fixed count of decimals');
  });

  it('are the shortest, as repr', () => {
    for (const [value, text] of numbers.shortest) expect(formatFloat(value)).toBe(text);
    expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(formatFloat)).toEqual([
      'nan',
      'inf',
      '-inf',
    ]);
  });
});

describe('white space', () => {
  // [c for c in map(chr, range(0x110000)) if c.isspace()] of Python 3.13
  const spaces = [9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 133, 160, 5760];
  spaces.push(8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201, 8202, 8232, 8233, 8239, 8287, 12288);

  it("is Python's: every code unit is looked at", () => {
    const found = Array.from({ length: 0x10000 }, (_, unit) => unit).filter(
      (unit) => splitWords(`a${String.fromCharCode(unit)}b`).length === 2,
    );
    expect(found).toEqual(spaces);
    for (const unit of spaces) expect(stripEnd(`a ${String.fromCharCode(unit)}`)).toBe('a');
    expect(stripEnd(' \u{feff}a\u{feff}')).toBe(' \u{feff}a\u{feff}');
    expect(stripEnd('  ')).toBe('');
  });
});
