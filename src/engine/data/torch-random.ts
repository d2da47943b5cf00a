/** torch's random numbers on the CPU: the 32-bit Mersenne Twister and torch's shuffle. */

const SIZE = 624;
const SHIFT = 397;

/**
 * The numbers 0 to n - 1 in the order of `torch.randperm(n, generator=torch.Generator().manual_seed(seed))`.
 *
 * @param n     0 to 214,748,363: torch shuffles longer lists in another way
 * @param seed  a whole number, 0 or more; the generator takes its low 32 bits
 * @param words of 32 bits that were drawn from the generator before. A permutation takes n - 1.
 */
export function randperm(n: number, seed: number, words = 0): number[] {
  if (!Number.isInteger(n) || n < 0 || n >= 214_748_364) throw new RangeError(`n is ${n}; expected 0 to 214,748,363.`);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`seed is ${seed}; expected 0 or more.`);
  const random = mersenneTwister(seed % 2 ** 32);
  for (let word = 0; word < words; word++) random();
  const order = Array.from({ length: n }, (_, index) => index);
  for (let index = 0; index < n - 1; index++) {
    const other = index + (random() % (n - index));
    const value = order[index] ?? 0;
    order[index] = order[other] ?? 0;
    order[other] = value;
  }
  return order;
}

/** M. Matsumoto and T. Nishimura, "Mersenne Twister" (1998), MT19937 seeded with one word. */
function mersenneTwister(seed: number): () => number {
  const state = new Uint32Array(SIZE);
  let previous = seed;
  state[0] = seed;
  for (let index = 1; index < SIZE; index++) {
    previous = (Math.imul(1812433253, previous ^ (previous >>> 30)) + index) >>> 0;
    state[index] = previous;
  }
  let place = SIZE;
  return () => {
    if (place === SIZE) {
      twist(state);
      place = 0;
    }
    let word = state[place] ?? 0;
    place += 1;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  };
}

function twist(state: Uint32Array): void {
  for (let index = 0; index < SIZE; index++) {
    const joined = ((state[index] ?? 0) & 0x80000000) | ((state[(index + 1) % SIZE] ?? 0) & 0x7fffffff);
    const far = state[(index + SHIFT) % SIZE] ?? 0;
    state[index] = far ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
  }
}
