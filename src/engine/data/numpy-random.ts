/** numpy's `default_rng(seed).permutation(n)`, which `datasets` splits with. */
import { DefaultRng } from 'sacrebleu-ts';

/**
 * The numbers 0 to n - 1 in the order of `numpy.random.default_rng(seed).permutation(n)`.
 *
 * @param n    0 to 2^31 - 1
 * @param seed a whole number, 0 or more
 */
export function permutation(n: number, seed: number): Int32Array {
  if (!Number.isInteger(n) || n < 0 || n >= 2 ** 31) throw new RangeError(`n is ${n}; expected 0 to 2^31 - 1.`);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`seed is ${seed}; expected 0 or more.`);
  const rng = new DefaultRng(seed);
  const order = Int32Array.from({ length: n }, (_, index) => index);
  for (let index = n - 1; index > 0; index--) {
    const other = boundedBelow(index, rng);
    const value = order[index] ?? 0;
    order[index] = order[other] ?? 0;
    order[other] = value;
  }
  return order;
}

/** A number from 0 to `max`: draws masked to the bits of `max`, until one fits. */
function boundedBelow(max: number, rng: DefaultRng): number {
  const mask = 2 ** (32 - Math.clz32(max)) - 1;
  for (;;) {
    const value = (rng.nextUint32() & mask) >>> 0;
    if (value <= max) return value;
  }
}
