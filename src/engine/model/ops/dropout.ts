/**
 * Dropout masks from a counter: element i of site k's mask is a hash of (seed, k, i), so the same seed gives the same
 * masks whatever else is drawn, and no two sites share one.
 */
import * as tf from '@tensorflow/tfjs-core';

/** Makes the masks of one forward pass, one after the other. */
export interface DropoutMasks {
  /**
   * The next site's mask.
   * @param probability  of a zero, in [0, 1)
   * @returns            0 or 1/(1 - probability) in each place; the caller disposes it. Null where nothing is dropped.
   */
  next<T extends tf.Tensor>(shape: T['shape'], probability: number): T | null;
}

/** Masks that drop nothing, for evaluation and decoding. */
export const NO_DROPOUT: DropoutMasks = { next: () => null };

/** Returns the masks of the forward pass with this seed (any integer). */
export function seededDropout(seed: number): DropoutMasks {
  let site = 0;
  return {
    next: <T extends tf.Tensor>(shape: T['shape'], probability: number): T | null => {
      site += 1;
      if (probability === 0) return null;
      const values = maskValues(
        tf.util.sizeFromShape(shape),
        probability,
        hash32(seed | 0),
        hash32(hash32(seed | 0) + site),
      );
      return tf.tensor(values, shape, 'float32') as T;
    },
  };
}

function maskValues(size: number, probability: number, seedKey: number, siteKey: number): Float32Array {
  const values = new Float32Array(size);
  const threshold = Math.round(probability * 2 ** 32);
  const kept = 1 / (1 - probability);
  for (let i = 0; i < size; i++) {
    values[i] = hash32((i + siteKey) ^ seedKey) >>> 0 < threshold ? 0 : kept;
  }
  return values;
}

/** An avalanching bijection of 32-bit integers: "lowbias32" of Chris Wellons' hash-prospector. */
function hash32(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
