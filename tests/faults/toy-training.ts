/** The arithmetic of the toy trainer, with what an undisturbed training ends with, and its measures. */
export const STEPS = 60;
/** Limit of the heap of each process of a toy run. */
export const HEAP_MB = 96;
const SIZE = 8;

export function firstWeights(): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: SIZE }, (_, index) => index / SIZE);
}

/** Each number comes from two of the step before: a step missed or made twice shows in all that follow. */
export function nextWeights(weights: Float32Array, step: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(weights, (value, index) => Math.sin(value + step + (weights[(index + 1) % SIZE] ?? 0)));
}

export function pointsOf(weights: Float32Array, step: number): { metric: string; step: number; value: number }[] {
  return Array.from(weights, (value, index) => ({ metric: index === 0 ? 'loss' : `w${index}`, step, value }));
}

/** Gives the weights after each step, from the first. */
export function undisturbed(): Float32Array[] {
  const all: Float32Array[] = [];
  let weights = firstWeights();
  for (let step = 1; step <= STEPS; step++) {
    weights = nextWeights(weights, step);
    all.push(weights);
  }
  return all;
}
