import { describe, expect, it } from 'vitest';
import { unpackHadoopLz4, unpackLz4Block } from '../../../src/engine/data/unpack-lz4.ts';

// "LZ4 Block Format Description": a token of two lengths, literals, how far back a match lies, and how long it is beyond 4.
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('LZ4', () => {
  it.each([
    ['literals alone', '30 616263', 'abc'],
    ['a match', '32 616263 0300 10 64', 'abcabcabcd'],
    ['a match that reaches into itself', '1f 61 0100 05 10 62', `a${'a'.repeat(24)}b`],
    ['a length in many bytes', `f0 ff 05 ${'61'.repeat(275)}`, 'a'.repeat(275)],
    ['nothing', '00', ''],
  ])('unpacks %s', (_, packed, expected) => {
    expect(unpackLz4Block(hex(packed), expected.length).toString()).toBe(expected);
  });

  it.each([
    ['is cut off', '32 616263 03', 10, 'ends in the middle'],
    ['has fewer literals than it says', '50 6162', 5, 'ends in the middle'],
    ['has more literals than asked for', '30 616263', 2, 'gives 3 bytes; expected 2'],
    ['refers before its start', '12 61 0200 00', 7, 'refers 2 bytes back at 1'],
    ['refers to nothing', '12 61 0000 00', 7, 'refers 0 bytes back at 1'],
    ['gives more than it should', '1f 61 0100 ffffff00', 20, 'gives 785 bytes; expected 20'],
    ['gives less than it should', '10 61', 2, 'gives 1 bytes; expected 2'],
  ])('is refused when it %s', (_, packed, size, message) => {
    expect(() => unpackLz4Block(hex(packed), size)).toThrow(message);
  });

  it('comes in the frames of Hadoop, or without', () => {
    const frame = '00000003 00000004 30616263';
    expect(unpackHadoopLz4(hex(`${frame} ${frame}`), 6).toString()).toBe('abcabc');
    expect(unpackHadoopLz4(hex('30 616263'), 3).toString()).toBe('abc');
  });
});
