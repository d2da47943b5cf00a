import { describe, expect, it } from 'vitest';
import { unpackSnappy } from '../../../src/engine/data/unpack-snappy.ts';

// format_description.txt of google/snappy: the size in sevens of bits; then tags, their lowest two bits the kind of the element:
// literals (length - 1, from 60 on in as many bytes as it is beyond 59), or how far back what is repeated lies.
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('Snappy', () => {
  it.each([
    ['literals alone', '03 08 616263', 'abc'],
    ['a copy with a distance of 11 bits', '08 08 616263 01 03 00 64', 'abcabcad'],
    ['a copy with a distance of 16 bits', '06 08 616263 0a 0300', 'abcabc'],
    ['a copy with a distance of 32 bits', '06 08 616263 0b 03000000', 'abcabc'],
    ['a copy that reaches into itself', '0a 00 61 22 0100', 'a'.repeat(10)],
    ['a long distance of the short kind', `a406 f4 1f03 61${'62'.repeat(799)} 61 20`, `a${'b'.repeat(799)}abbb`],
    ['literals whose length is in one byte', `64 f0 63 ${'61'.repeat(100)}`, 'a'.repeat(100)],
    ['literals whose length is in three bytes', `ac02 f8 2b0100 ${'61'.repeat(300)}`, 'a'.repeat(300)],
    ['literals whose length is in four bytes', `ac02 fc 2b010000 ${'61'.repeat(300)}`, 'a'.repeat(300)],
    ['nothing', '00', ''],
  ])('unpacks %s', (_, packed, expected) => {
    expect(unpackSnappy(hex(packed), expected.length).toString()).toBe(expected);
  });

  it.each([
    ['is empty', '', 3, 'ends in the middle'],
    ['ends in its size', '83', 3, 'ends in the middle'],
    ['has a size without end', '8080808080 00', 3, 'begins with a size of more than five bytes'],
    ['says another size', '04 08 616263', 3, 'gives 4 bytes; expected 3'],
    ['is cut off in a length', '03 f4 02', 3, 'ends in the middle'],
    ['is cut off in a distance', '06 08 616263 0a 03', 6, 'ends in the middle'],
    ['has fewer literals than it says', '03 08 6162', 3, 'ends in the middle'],
    ['has a length of 2^32, which would be one of 0 or less in 32 bits', '03 fc ffffffff', 3, 'ends in the middle'],
    ['has a length of 2^31, which would be a negative one', '03 fc fbffff7f fc faffffff', 3, 'ends in the middle'],
    ['gives more than it should', '03 08 616263 0a 0300', 3, 'gives 6 bytes; expected 3'],
    ['gives less than it should', '04 08 616263', 4, 'gives 3 bytes; expected 4'],
    ['refers before its start', '06 08 616263 0a 0400', 6, 'refers 4 bytes back at 3'],
    ['refers to nothing', '06 08 616263 0a 0000', 6, 'refers 0 bytes back at 3'],
    [
      'refers 2^31 bytes back, which would be as many forwards',
      '06 08 616263 0b 00000080',
      6,
      'refers 2147483648 bytes',
    ],
  ])('is refused when it %s', (_, packed, size, message) => {
    expect(() => unpackSnappy(hex(packed), size)).toThrow(message);
  });
});
