/**
 * Snappy, which Node cannot unpack (format_description.txt of google/snappy). hyparquet's own takes a length of 2^31 and more
 * for a negative one and goes backwards with it, for ever. Every length is held against both buffers here.
 */
import { copyLiterals, copyMatch } from './copy-match.ts';

/** The lowest two bits of a tag. */
const LITERAL = 0;
const SHORT_COPY = 1;
/** Lengths of literals from here on stand in 1 to 4 bytes after the tag. */
const LONG_LITERAL = 60;

/** Unpacks a page. @throws {RangeError} when it is damaged or does not give `sizeBytes` */
export function unpackSnappy(packed: Buffer, sizeBytes: number): Buffer {
  const page = Buffer.allocUnsafe(sizeBytes);
  let at = 0;
  let filled = 0;
  /** Gives the little-endian number of the next bytes, at most four. */
  const next = (count: number): number => {
    if (at + count > packed.length) throw new RangeError(CUT_OFF);
    let number = 0;
    for (let index = 0; index < count; index += 1) number += (packed[at + index] ?? 0) * 2 ** (8 * index);
    at += count;
    return number;
  };
  const assertRoom = (length: number) => {
    if (filled + length > sizeBytes) throw sizeError(filled + length, sizeBytes);
  };

  at = endOfPreamble(packed, sizeBytes);
  while (at < packed.length) {
    const tag = next(1);
    const kind = tag & 3;
    if (kind === LITERAL) {
      const short = tag >> 2;
      const length = 1 + (short < LONG_LITERAL ? short : next(short - LONG_LITERAL + 1));
      if (at + length > packed.length) throw new RangeError(CUT_OFF);
      assertRoom(length);
      copyLiterals(packed, at, at + length, page, filled);
      at += length;
      filled += length;
      continue;
    }
    const length = kind === SHORT_COPY ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
    const distance = kind === SHORT_COPY ? ((tag >> 5) << 8) + next(1) : next(kind === 2 ? 2 : 4);
    if (distance === 0 || distance > filled)
      throw new RangeError(`a Snappy page refers ${distance} bytes back at ${filled}`);
    assertRoom(length);
    copyMatch(page, filled, distance, length);
    filled += length;
  }
  if (filled !== sizeBytes) throw sizeError(filled, sizeBytes);
  return page;
}

/** A page begins with its unpacked size, seven bits a byte. */
function endOfPreamble(packed: Buffer, sizeBytes: number): number {
  let size = 0;
  for (let at = 0; at < MAX_SIZE_BYTES; at += 1) {
    const byte = packed[at];
    if (byte === undefined) throw new RangeError(CUT_OFF);
    size += (byte & 127) * 2 ** (7 * at);
    if (byte > 127) continue;
    if (size !== sizeBytes) throw sizeError(size, sizeBytes);
    return at + 1;
  }
  throw new RangeError('a Snappy page begins with a size of more than five bytes');
}

/** Of 32 bits. */
const MAX_SIZE_BYTES = 5;
const CUT_OFF = 'a Snappy page ends in the middle';

function sizeError(found: number, expected: number): RangeError {
  return new RangeError(`a Snappy page gives ${found} bytes; expected ${expected}`);
}
