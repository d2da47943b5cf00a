import * as tf from '@tensorflow/tfjs-core';
import type { Dropout } from '../fused-ops.ts';
import { hash32 } from '../hash32.ts';

/** Returns 0 for a dropped element, 1/(1 - rate) for a kept one; the caller disposes it. */
export function dropoutMask<T extends tf.Tensor>(shape: T['shape'], dropout: Dropout): T {
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  fillDropout(values, dropout, 0);
  return tf.tensor(values, shape, 'float32') as T;
}

/** Fills `values` with the mask of the elements from `first` on. */
export function fillDropout(values: Float32Array, { rate, seedKey, siteKey }: Dropout, first: number): void {
  const threshold = Math.round(rate * 2 ** 32);
  const kept = 1 / (1 - rate);
  const key = first + siteKey;
  for (let i = 0; i < values.length; i++) values[i] = hash32((i + key) ^ seedKey) >>> 0 < threshold ? 0 : kept;
}
