import * as tf from '@tensorflow/tfjs-core';
import type { Dropout, FusedOps } from '../fused-ops.ts';
import { dropoutMask } from './dropout-mask.ts';

export const composedDropout: Pick<FusedOps, 'dropout'> = {
  dropout: (x, dropout) => tf.tidy(() => withDropout(x, dropout)),
};

/** Returns dropout(x), or x itself without one. */
export function withDropout(x: tf.Tensor2D, dropout: Dropout | null): tf.Tensor2D {
  return dropout === null ? x : tf.mul(x, dropoutMask<tf.Tensor2D>(x.shape, dropout));
}
