/** Mutations that know nothing of a format: bits, integers, lengths, repetitions, splices. */
import type { Random } from './random.ts';

const INTEGERS = [0n, 1n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0xffffn, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn].concat([
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 60n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
]);
const NUMBERS = [
  '0',
  '-0',
  '-1',
  '1e999',
  '-1e999',
  'NaN',
  '1152921504606846976',
  '9007199254740993',
  '2147483648',
  '1e-7',
  '99999999999999999999',
];
const MAX_BYTES = 1 << 16;
/** Long enough for what is quadratic to be seen. */
const MAX_REPEATED_BYTES = 1 << 18;

/** Gives a spoiled copy. @param others  inputs to take parts from */
export function spoilBytes(input: Buffer, random: Random, others: readonly Buffer[], words: readonly string[]): Buffer {
  const at = random.below(input.length + 1);
  const length = 1 + random.below(random.oneIn(4) ? 64 : 8);
  switch (random.below(12)) {
    case 0: {
      const copy = Buffer.from(input);
      for (let i = 1 + random.below(4); i > 0 && copy.length > 0; i--) flipBit(copy, random);
      return copy;
    }
    case 1:
      return input.subarray(0, at);
    case 2:
      return joined(input, at, length, Buffer.alloc(0));
    case 3:
      return joined(input, at, 0, input.subarray(at, at + length));
    case 4:
      return joined(input, at, 0, Buffer.from(Array.from({ length }, () => random.below(256))));
    case 5:
    case 6:
      return writeInteger(input, at, random);
    case 7: {
      const other = random.pick(others) ?? input;
      return clipped(Buffer.concat([input.subarray(0, at), other.subarray(random.below(other.length + 1))]));
    }
    case 8:
    case 9: {
      const word = Buffer.from(random.pick(words) ?? '\0');
      return joined(input, at, random.oneIn(2) ? word.length : 0, word);
    }
    case 10:
      return replaceNumber(input, random);
    default:
      return random.oneIn(40)
        ? repeated(input, at, length, random)
        : joined(input, at, length, input.subarray(0, length));
  }
}

function flipBit(bytes: Buffer, random: Random): void {
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
}

function writeInteger(input: Buffer, at: number, random: Random): Buffer {
  const copy = Buffer.from(input);
  const value = Buffer.alloc(8);
  value.writeBigUInt64LE(random.pick(INTEGERS) ?? 0n);
  const size = random.pick([1, 2, 4, 8]);
  const part = value.subarray(0, size);
  (random.oneIn(3) ? Buffer.from(part).reverse() : part).copy(copy, at);
  return copy;
}

function replaceNumber(input: Buffer, random: Random): Buffer {
  const text = input.toString('latin1');
  const numbers = [...text.matchAll(/\d+/g)];
  const number = random.pick(numbers);
  if (number === undefined) return input.subarray(0, random.below(input.length));
  const put = Buffer.from(random.pick(NUMBERS) ?? '0');
  return joined(input, number.index, number[0].length, put);
}

function repeated(input: Buffer, at: number, length: number, random: Random): Buffer {
  const part = input.subarray(at, at + length);
  if (part.length === 0) return input;
  const count = random.below(MAX_REPEATED_BYTES / part.length);
  return Buffer.concat([input.subarray(0, at), Buffer.alloc(count * part.length, part), input.subarray(at)]);
}

function joined(input: Buffer, at: number, removed: number, put: Buffer): Buffer {
  return clipped(Buffer.concat([input.subarray(0, at), put, input.subarray(at + removed)]));
}

function clipped(bytes: Buffer): Buffer {
  return bytes.length > MAX_BYTES ? bytes.subarray(0, MAX_BYTES) : bytes;
}
