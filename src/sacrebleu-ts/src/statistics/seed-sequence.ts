/** NumPy's SeedSequence: any whole number spread over the 256 bits a generator starts from. */

const POOL_WORDS = 4;
const MASK_32 = 0xffffffffn;

/**
 * `SeedSequence(seed).generate_state(8)`: eight 32-bit words (two make one of NumPy's 64-bit words, the low one first).
 *
 * @param seed a whole number, 0 or more, of any size
 */
export function seedWords(seed: bigint): Uint32Array {
  const entropy: number[] = [];
  for (let rest = seed; rest > 0n; rest >>= 32n) entropy.push(Number(rest & MASK_32));

  let constant = 0x43b0d7e5;
  const hash = (value: number): number => {
    let mixed = value ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    mixed = Math.imul(mixed, constant);
    return mixed ^ (mixed >>> 16);
  };
  const mix = (x: number, y: number): number => {
    const mixed = Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y);
    return mixed ^ (mixed >>> 16);
  };
  const pool = Int32Array.from({ length: POOL_WORDS }, (_, place) => hash(entropy[place] ?? 0));
  for (let source = 0; source < POOL_WORDS; source++) {
    for (let target = 0; target < POOL_WORDS; target++) {
      if (source !== target) pool[target] = mix(pool[target] ?? 0, hash(pool[source] ?? 0));
    }
  }
  for (const word of entropy.slice(POOL_WORDS)) {
    for (let target = 0; target < POOL_WORDS; target++) pool[target] = mix(pool[target] ?? 0, hash(word));
  }

  let drawn = 0x8b51f9dd;
  return Uint32Array.from({ length: 2 * POOL_WORDS }, (_, place) => {
    let word = (pool[place % POOL_WORDS] ?? 0) ^ drawn;
    drawn = Math.imul(drawn, 0x58f38ded);
    word = Math.imul(word, drawn);
    return word ^ (word >>> 16);
  });
}
