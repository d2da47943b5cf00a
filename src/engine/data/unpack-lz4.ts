/**
 * LZ4 as parquet has it, which Node cannot unpack: single blocks (LZ4 Block Format Description 1.6), and Hadoop's frames around
 * them, each block after its unpacked and packed size. Every length is held against both buffers.
 */

import { copyLiterals, copyMatch } from './copy-match.ts';

const MIN_MATCH = 4;
const FRAME_BYTES = 8;

/** Unpacks one block. @throws {RangeError} when it is damaged or does not give `sizeBytes` */
export function unpackLz4Block(packed: Buffer, sizeBytes: number): Buffer {
  const page = Buffer.allocUnsafe(sizeBytes);
  let at = 0;
  let filled = 0;
  const next = (): number => {
    const byte = packed[at];
    if (byte === undefined) throw new RangeError(CUT_OFF);
    at += 1;
    return byte;
  };
  /** A length of 15 goes on in the bytes that follow, up to the first that is not 255. */
  const wholeLength = (start: number): number => {
    let length = start;
    for (let byte = 255; start === 15 && byte === 255; length += byte) byte = next();
    return length;
  };
  while (at < packed.length) {
    const token = next();
    const literals = wholeLength(token >> 4);
    if (at + literals > packed.length) throw new RangeError(CUT_OFF);
    if (filled + literals > sizeBytes) throw sizeError(filled + literals, sizeBytes);
    copyLiterals(packed, at, at + literals, page, filled);
    at += literals;
    filled += literals;
    // The last sequence has no match.
    if (at === packed.length) break;
    const distance = next() + 256 * next();
    const match = wholeLength(token & 15) + MIN_MATCH;
    if (distance === 0 || distance > filled)
      throw new RangeError(`an LZ4 block refers ${distance} bytes back at ${filled}`);
    if (filled + match > sizeBytes) throw sizeError(filled + match, sizeBytes);
    copyMatch(page, filled, distance, match);
    filled += match;
  }
  if (filled !== sizeBytes) throw sizeError(filled, sizeBytes);
  return page;
}

/** Unpacks what parquet calls LZ4: Hadoop's frames, or as some writers took it, a block alone. @throws {RangeError} */
export function unpackHadoopLz4(packed: Buffer, sizeBytes: number): Buffer {
  return isFramed(packed, sizeBytes) ? unpackFrames(packed) : unpackLz4Block(packed, sizeBytes);
}

function isFramed(packed: Buffer, sizeBytes: number): boolean {
  let unpackedBytes = 0;
  let at = 0;
  while (at + FRAME_BYTES <= packed.length) {
    unpackedBytes += packed.readUInt32BE(at);
    at += FRAME_BYTES + packed.readUInt32BE(at + 4);
  }
  return at === packed.length && unpackedBytes === sizeBytes;
}

function unpackFrames(packed: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < packed.length; ) {
    const start = at + FRAME_BYTES;
    const end = start + packed.readUInt32BE(at + 4);
    blocks.push(unpackLz4Block(packed.subarray(start, end), packed.readUInt32BE(at)));
    at = end;
  }
  return Buffer.concat(blocks);
}

const CUT_OFF = 'an LZ4 block ends in the middle';

function sizeError(found: number, expected: number): RangeError {
  return new RangeError(`an LZ4 block gives ${found} bytes; expected ${expected}`);
}
