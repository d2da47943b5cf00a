/**
 * numpy's `default_rng(seed).permutation(n)`, which `datasets` splits with: SeedSequence, PCG64 and its shuffle.
 * 128-bit arithmetic in BigInt: some 50 ms for 200,000 rows, once a run.
 */

const MASK_32 = 0xffffffffn;
const MASK_64 = (1n << 64n) - 1n;
const MASK_128 = (1n << 128n) - 1n;

/**
 * The numbers 0 to n - 1 in the order of `numpy.random.default_rng(seed).permutation(n)`.
 *
 * @param n    0 to 2^31 - 1
 * @param seed a whole number, 0 or more
 */
export function permutation(n: number, seed: number): Int32Array {
  if (!Number.isInteger(n) || n < 0 || n >= 2 ** 31) throw new RangeError(`n is ${n}; expected 0 to 2^31 - 1.`);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`seed is ${seed}; expected 0 or more.`);
  const nextUint32 = pcg64(seedSequence(BigInt(seed)));
  const order = Int32Array.from({ length: n }, (_, index) => index);
  for (let index = n - 1; index > 0; index--) {
    const other = boundedBelow(index, nextUint32);
    const value = order[index] ?? 0;
    order[index] = order[other] ?? 0;
    order[other] = value;
  }
  return order;
}

/** A number from 0 to `max`: draws masked to the bits of `max`, until one fits. */
function boundedBelow(max: number, nextUint32: () => number): number {
  const mask = 2 ** (32 - Math.clz32(max)) - 1;
  for (;;) {
    const value = (nextUint32() & mask) >>> 0;
    if (value <= max) return value;
  }
}

/** 32-bit halves of the XSL-RR 128/64 generator's outputs, the low half first. */
function pcg64(words: readonly bigint[]): () => number {
  const [stateHigh = 0n, stateLow = 0n, streamHigh = 0n, streamLow = 0n] = words;
  const multiplier = 0x2360ed051fc65da44385df649fccf645n;
  const increment = (((streamHigh << 64n) | streamLow) << 1n) | 1n;
  const step = (state: bigint): bigint => (state * multiplier + increment) & MASK_128;
  // srandom: one step from 0, the seed added, one more step.
  let state = step((step(0n) + ((stateHigh << 64n) | stateLow)) & MASK_128);
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const high = spare;
      spare = null;
      return high;
    }
    state = step(state);
    const folded = (state >> 64n) ^ (state & MASK_64);
    const rotation = state >> 122n;
    const output = ((folded >> rotation) | (folded << (64n - rotation))) & MASK_64;
    spare = Number(output >> 32n);
    return Number(output & MASK_32);
  };
}

/** numpy's SeedSequence(seed): a pool of four hashed words, drawn as four 64-bit words. */
function seedSequence(seed: bigint): readonly bigint[] {
  const entropy: number[] = [];
  for (let rest = seed; rest > 0n || entropy.length === 0; rest >>= 32n) entropy.push(Number(rest & MASK_32));

  let constant = 0x43b0d7e5;
  const hash = (value: number): number => {
    let mixed = (value ^ constant) >>> 0;
    constant = Math.imul(constant, 0x931e8875) >>> 0;
    mixed = Math.imul(mixed, constant) >>> 0;
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  const mix = (x: number, y: number): number => {
    const mixed = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) >>> 0;
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  // A safe integer has at most two words, so the pool takes in all of them here.
  const pool = [0, 1, 2, 3].map((place) => hash(entropy[place] ?? 0));
  for (let source = 0; source < 4; source++) {
    for (let target = 0; target < 4; target++) {
      if (source !== target) pool[target] = mix(pool[target] ?? 0, hash(pool[source] ?? 0));
    }
  }

  let drawn = 0x8b51f9dd;
  const words = Array.from({ length: 8 }, (_, place) => {
    let word = ((pool[place % 4] ?? 0) ^ drawn) >>> 0;
    drawn = Math.imul(drawn, 0x58f38ded) >>> 0;
    word = Math.imul(word, drawn) >>> 0;
    return BigInt((word ^ (word >>> 16)) >>> 0);
  });
  return [0, 2, 4, 6].map((place) => (words[place] ?? 0n) | ((words[place + 1] ?? 0n) << 32n));
}
