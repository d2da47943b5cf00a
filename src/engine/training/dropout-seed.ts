/**
 * Gives the dropout seed of a micro-batch, 31 bits: a function of the run's seed and of how many micro-batches came before,
 * so that a run can be repeated, and resumed, with the same masks. Neighbouring numbers give unrelated seeds
 * (finalizer of MurmurHash3, applied once for each input).
 */
export function dropoutSeed(seed: number, microStep: number): number {
  return mix(mix(seed | 0) ^ (microStep | 0)) & 0x7fffffff;
}

function mix(value: number): number {
  let hash = (value + 0x9e3779b9) | 0; // so that 0 is not a fixed point
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
