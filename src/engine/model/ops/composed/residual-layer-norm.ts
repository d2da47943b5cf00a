import * as tf from '@tensorflow/tfjs-core';
import type { FusedOps } from '../fused-ops.ts';
import { withDropout } from './dropout.ts';

/** torch.nn.LayerNorm's default, which Marian keeps. */
const EPSILON = 1e-5;

export const composedResidualLayerNorm: Pick<FusedOps, 'residualLayerNorm' | 'residualLayerNormBackward'> = {
  residualLayerNorm: (x, residual, weight, bias, dropout) =>
    tf.tidy(() => {
      const sum = tf.add(residual, withDropout(x, dropout)); // [N, D]
      const centered = tf.sub(sum, tf.mean(sum, -1, true)); // [N, D]
      const variance = tf.mean(tf.square(centered), -1, true); // [N, 1]
      const inverseDeviation = tf.rsqrt(tf.add(variance, EPSILON)); // [N, 1]
      const normalized = tf.mul(centered, inverseDeviation); // [N, D]
      const output = tf.add<tf.Tensor2D>(tf.mul(normalized, weight), bias);
      return { output, saved: [normalized, inverseDeviation] };
    }),

  residualLayerNormBackward: (gradOutput, { weight, saved, dropout }, gradients) =>
    tf.tidy(() => {
      const [normalized, inverseDeviation] = saved as [tf.Tensor2D, tf.Tensor2D];
      gradients.weight.add(tf.sum(tf.mul(gradOutput, normalized), 0));
      gradients.bias.add(tf.sum(gradOutput, 0));
      const gradNormalized = tf.mul(gradOutput, weight);
      const alongMean = tf.mean(gradNormalized, -1, true); // [N, 1]
      const alongNormalized = tf.mean(tf.mul(gradNormalized, normalized), -1, true); // [N, 1]
      const tangent = tf.sub(tf.sub(gradNormalized, alongMean), tf.mul(normalized, alongNormalized));
      const gradSum = tf.mul<tf.Tensor2D>(tangent, inverseDeviation); // [N, D]
      return { x: dropout === null ? tf.clone(gradSum) : withDropout(gradSum, dropout), residual: gradSum };
    }),
};
