import { describe, expect, it } from 'vitest';
import { readHybridRuns } from '../../../src/engine/data/parquet-runs.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('runs of numbers in parquet', () => {
  it.each([
    // The example of Encodings.md: 0 to 7 in three bits each.
    ['eight in three bits', '03 88c6fa', 3, [0, 1, 2, 3, 4, 5, 6, 7]],
    ['fewer than stand there', '03 88c6fa', 3, [0, 1, 2]],
    ['one many times', '0a 04', 3, [4, 4, 4, 4, 4]],
    ['both, one after the other', '04 01 03 55', 1, [1, 1, 1, 0, 1, 0, 1, 0, 1, 0]],
    [
      'in 32 bits',
      `03 ${'ffffffff 01000000'.repeat(4)}`,
      32,
      [0xffffffff, 1, 0xffffffff, 1, 0xffffffff, 1, 0xffffffff, 1],
    ],
    ['in no bits', '', 0, [0, 0]],
    ['a long run', '808002 0901', 9, new Array(20).fill(265)],
  ])('are read: %s', (_, bytes, width, expected) => {
    expect([...readHybridRuns(hex(bytes), width, expected.length)]).toEqual(expected);
  });

  it.each([
    ['end too soon', '0a', 3, 'a page ends inside its levels or indexes'],
    ['end among packed bits', '03 88c6', 3, 'a page ends inside its levels or indexes'],
    ['have no length', '00 01', 3, 'a run of no length'],
    ['are too wide', '03', 33, 'numbers would have 33 bits; at most 32 are read'],
  ])('are refused when they %s', (_, bytes, width, message) => {
    expect(() => readHybridRuns(hex(bytes), width, 8)).toThrow(message);
  });
});
