/** Random numbers for the fuzzer: xorshift128, the same from the same seed on every machine. */
export class Random {
  readonly #state = new Uint32Array(4);

  constructor(seed: number) {
    let mixed = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      // SplitMix32 spreads small seeds over the state.
      mixed = (mixed + 0x9e3779b9) >>> 0;
      let word = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      this.#state[i] = (word ^ (word >>> 15)) >>> 0 || i + 1;
    }
  }

  /** A whole number from 0 to `limit` - 1; 0 when the limit is 0. */
  below(limit: number): number {
    return limit <= 0 ? 0 : this.#next() % limit;
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(items: readonly [T, ...T[]]): T;
  pick<T>(items: readonly T[]): T | undefined;
  pick<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)];
  }

  #next(): number {
    const state = this.#state;
    let word = state[3] ?? 0;
    const first = state[0] ?? 0;
    word ^= word << 11;
    word ^= word >>> 8;
    state[3] = state[2] ?? 0;
    state[2] = state[1] ?? 0;
    state[1] = first;
    state[0] = word ^ first ^ (first >>> 19);
    return state[0] ?? 0;
  }
}
