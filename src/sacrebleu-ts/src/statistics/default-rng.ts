/**
 * NumPy's `default_rng(seed)`: a SeedSequence starts PCG64 (O'Neill, 2014: XSL-RR 128/64), from which NumPy takes 32-bit
 * halves. The same draws as NumPy's make the same resampling.
 *
 * The 128-bit state is six limbs of 24 bits (the last has 8), the lowest first: sums of their products are exact in float64.
 */
import { seedWords } from './seed-sequence.ts';

const LIMB = 2 ** 24;
const PER_LIMB = 2 ** -24;

const TOP_LIMB = 2 ** 8;
const PER_TOP_LIMB = 2 ** -8;
const MASK_128 = (1n << 128n) - 1n;

const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
/** Times the multiplier 1, modulo 2^128. */
const INVERSE_MULTIPLIER = 0x7dda22b9397986098abc8b0716eac8dn;
/** The multiplier's limbs. */
const [M0, M1, M2, M3, M4, M5] = [0xccf645, 0xdf649f, 0xa44385, 0x1fc65d, 0x60ed05, 0x23] as const;

/** Where a generator's stream stands. */
export interface StreamPosition {
  /** 128 bits each: the generator's state, and what it adds each step. */
  readonly state: bigint;
  readonly increment: bigint;
  /** The high half of the last 64 bits drawn, unless it is used too. */
  readonly spare: number | null;
}

/** 32-bit words made at once: the state then stays in registers. */
const BLOCK = 512;

export class DefaultRng {
  private readonly state: Float64Array;
  private readonly increment: Float64Array;
  /** Words to come, from `place` on. */
  private readonly words = new Uint32Array(BLOCK);
  private place = BLOCK;

  /**
   * @param seed a whole number, 0 or more, of any size; null takes one at random
   * @throws {RangeError} when it is none
   */
  constructor(seed: number | bigint | null) {
    const words = seedWords(wholeSeed(seed));
    const wide = (high: number, low: number): bigint => {
      const at = (place: number): bigint => BigInt(words[place] ?? 0);
      return (((at(high + 1) << 32n) | at(high)) << 64n) | (at(low + 1) << 32n) | at(low);
    };
    const increment = ((wide(4, 6) << 1n) | 1n) & MASK_128;
    // PCG's srandom: one step from 0, which leaves the increment, the start added, one more step.
    const start = ((increment + wide(0, 2)) * MULTIPLIER + increment) & MASK_128;
    this.state = limbs(start);
    this.increment = limbs(increment);
  }

  /** The next 32 bits: the low half of the generator's 64, then the high half. */
  nextUint32(): number {
    if (this.place === BLOCK) {
      fillWords(this.words, this.state, this.increment);
      this.place = 0;
    }
    return this.words[this.place++] as number;
  }

  /** Where the stream stands: draws go on from a position that is set. */
  get position(): StreamPosition {
    const increment = wholeOf(this.increment);
    let state = wholeOf(this.state);
    // The state is that behind the block: back over what nobody has drawn yet.
    for (let undrawn = BLOCK - this.place; undrawn >= 2; undrawn -= 2) {
      state = ((state - increment) * INVERSE_MULTIPLIER) & MASK_128;
    }
    return { state, increment, spare: this.place % 2 === 0 ? null : (this.words[this.place] ?? 0) };
  }

  set position({ state, increment, spare }: StreamPosition) {
    this.state.set(limbs(state));
    this.increment.set(limbs(increment));
    // The block before ends here.
    this.place = spare === null ? BLOCK : BLOCK - 1;
    this.words[BLOCK - 1] = spare ?? 0;
  }

  /**
   * Fills the array with whole numbers from 0 to below `bound`, as `choice(bound, size)` and `integers(bound, size)` draw
   * them: Lemire's multiplication, with rejection. A bound of 1 draws nothing.
   *
   * @param bound 1 to 2^31
   */
  fillIntegers(target: Int32Array, bound: number): void {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 31) {
      throw new RangeError(`bound is ${bound}; expected 1 to 2^31.`);
    }
    if (bound === 1) {
      target.fill(0);
      return;
    }
    const threshold = 2 ** 32 % bound;
    for (let place = 0; place < target.length; place++) {
      let value = this.nextUint32();
      let low = Math.imul(value, bound) >>> 0;
      while (low < threshold) {
        value = this.nextUint32();
        low = Math.imul(value, bound) >>> 0;
      }
      // The product may pass 2^53; what rounding it leaves of an error is far below the high word's unit.
      target[place] = Math.round((value * bound - low) * 2 ** -32);
    }
  }

  /**
   * What fills arrays with the 0 and 1 of one call of `integers(2, size, dtype=bool)`: 32 of a draw, the lowest bit first.
   * Bits left of a draw go to the next array, never to another call of this method.
   */
  booleans(): (target: Uint8Array) => void {
    let bits = 0;
    let left = 0;
    return (target) => {
      for (let place = 0; place < target.length; place++) {
        if (left === 0) {
          bits = this.nextUint32();
          left = 32;
        }
        target[place] = bits & 1;
        bits >>>= 1;
        left--;
      }
    };
  }
}

/** Steps the state, state * multiplier + increment modulo 2^128, and writes the two words of each step. */
function fillWords(words: Uint32Array, state: Float64Array, increment: Float64Array): void {
  let [s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0] = state;
  const [i0 = 0, i1 = 0, i2 = 0, i3 = 0, i4 = 0, i5 = 0] = increment;
  for (let place = 0; place < words.length; place += 2) {
    const t0 = s0 * M0 + i0;
    const c0 = Math.floor(t0 * PER_LIMB);
    const t1 = s0 * M1 + s1 * M0 + i1 + c0;
    const c1 = Math.floor(t1 * PER_LIMB);
    const t2 = s0 * M2 + s1 * M1 + s2 * M0 + i2 + c1;
    const c2 = Math.floor(t2 * PER_LIMB);
    const t3 = s0 * M3 + s1 * M2 + s2 * M1 + s3 * M0 + i3 + c2;
    const c3 = Math.floor(t3 * PER_LIMB);
    const t4 = s0 * M4 + s1 * M3 + s2 * M2 + s3 * M1 + s4 * M0 + i4 + c3;
    const c4 = Math.floor(t4 * PER_LIMB);
    const t5 = s0 * M5 + s1 * M4 + s2 * M3 + s3 * M2 + s4 * M1 + s5 * M0 + i5 + c4;
    s0 = t0 - c0 * LIMB;
    s1 = t1 - c1 * LIMB;
    s2 = t2 - c2 * LIMB;
    s3 = t3 - c3 * LIMB;
    s4 = t4 - c4 * LIMB;
    s5 = t5 - Math.floor(t5 * PER_TOP_LIMB) * TOP_LIMB;

    // Fold 128 bits to 64, then rotate right by the top six.
    const low = s0 ^ (s1 << 24) ^ ((s2 >>> 16) | (s3 << 8));
    const high = ((s1 >>> 8) | (s2 << 16)) ^ (s4 | (s5 << 24));
    const isSwapped = s5 >= 128;
    const first = isSwapped ? high : low;
    const second = isSwapped ? low : high;
    const by = (s5 >>> 2) & 31;
    // Two shifts for one by 32 - by, which for 0 would be no shift at all.
    words[place] = (first >>> by) | ((second << 1) << (31 - by));
    words[place + 1] = (second >>> by) | ((first << 1) << (31 - by));
  }
  state.set([s0, s1, s2, s3, s4, s5]);
}

function wholeSeed(seed: number | bigint | null): bigint {
  if (seed === null) return BigInt(Math.floor(Math.random() * 2 ** 53));
  if (typeof seed === 'bigint' ? seed < 0n : !Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`seed is ${seed}; expected a whole number, 0 or more (a bigint above 2^53), or null.`);
  }
  return BigInt(seed);
}

function limbs(value: bigint): Float64Array {
  return Float64Array.from({ length: 6 }, (_, place) => Number((value >> BigInt(24 * place)) & 0xffffffn));
}

function wholeOf(limbs: Float64Array): bigint {
  return [...limbs].reduceRight((value, limb) => (value << 24n) | BigInt(limb), 0n);
}
