import { describe, expect, it } from 'vitest';
import { DoubleArray } from '../../../src/engine/text/double-array.ts';

const WIDE_OFFSET = 0x200; // the offset counts in units of 256
const HAS_VALUE = 0x100;
const VALUE = 0x8000_0000;

/** A table by the layout of darts-clone: "a" has the value 5, "ab" the value 6. */
function table(change: (units: Uint32Array) => void = () => {}): DoubleArray {
  const units = new Uint32Array(1024);
  units[0] = (1 << 10) | WIDE_OFFSET; // children from 256 on
  units[256 ^ 97] = 97 | HAS_VALUE | ((512 ^ 256 ^ 97) << 10); // children from 512 on
  units[512] = VALUE | 5;
  units[512 ^ 98] = 98 | HAS_VALUE | ((768 ^ 512 ^ 98) << 10);
  units[768] = VALUE | 6;
  change(units);
  return new DoubleArray(new Uint8Array(units.buffer));
}

describe('DoubleArray', () => {
  it.each([
    ['a', 5, 1],
    ['ab', 6, 2],
    ['abc', 6, 2],
    ['ac', 5, 1],
    ['a\0', 5, 1],
    ['b', -1, 0],
    ['', -1, 0],
  ])('finds the longest key at the start of %j', (text, value, length) => {
    const array = table();
    expect([array.longestPrefix(Buffer.from(`x${text}`), 1, 1 + text.length), array.matchLength]).toEqual([
      value,
      length,
    ]);
  });

  it('does not look beyond the end it is given', () => {
    expect(table().longestPrefix(Buffer.from('ab'), 0, 1)).toBe(5);
  });

  it('knows a table that leads outside, or to values that are too large', () => {
    expect(table().isSound(7)).toBe(true);
    expect(table().isSound(6)).toBe(false);
    const outside = table((units) => {
      units[1] = 1 << 20;
    });
    expect(outside.isSound(7)).toBe(false);
    const valueIsAbsent = table((units) => {
      units[768] = 0;
    });
    expect(valueIsAbsent.isSound(7)).toBe(false);
    expect(new DoubleArray(new Uint8Array(0)).isSound(7)).toBe(false);
  });
});
