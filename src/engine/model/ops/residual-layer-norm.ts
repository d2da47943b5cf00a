import * as tf from '@tensorflow/tfjs-core';
import { withOwnGradient } from './own-gradient.ts';

export interface LayerNormWeights {
  readonly weight: tf.Tensor1D;
  readonly bias: tf.Tensor1D;
}

/** torch.nn.LayerNorm's default, which Marian keeps. */
const EPSILON = 1e-5;

/**
 * Computes layerNorm(residual + x ⊙ mask) · weight + bias. N rows, D model size.
 *
 * @param x         [N, D] what the sublayer gave
 * @param residual  [N, D] what went into it
 * @param mask      [N, D] of dropout on x, or null; not differentiated, and not disposed
 * @returns         [N, D]; the caller disposes it. Differentiable in x, residual, weight and bias.
 */
export function residualLayerNorm(
  x: tf.Tensor2D,
  residual: tf.Tensor2D,
  { weight, bias }: LayerNormWeights,
  mask: tf.Tensor2D | null = null,
): tf.Tensor2D {
  return withOwnGradient([x, residual, weight, bias], () => {
    const sum = tf.add(residual, mask === null ? x : tf.mul(x, mask));
    const centered = tf.sub(sum, tf.mean(sum, -1, true)); // [N, D]
    const variance = tf.mean(tf.square(centered), -1, true); // [N, 1]
    const inverseDeviation = tf.rsqrt(tf.add(variance, EPSILON)); // [N, 1]
    const normalized = tf.mul(centered, inverseDeviation); // [N, D]
    return {
      value: tf.add(tf.mul(normalized, weight), bias) as tf.Tensor2D,
      saved: mask === null ? [normalized, inverseDeviation, weight] : [normalized, inverseDeviation, weight, mask],
      gradients: (gradValue, saved) => {
        const [savedNormalized, savedInverseDeviation, savedWeight, savedMask] = saved as [
          tf.Tensor2D,
          tf.Tensor2D,
          tf.Tensor1D,
          tf.Tensor2D?,
        ];
        const gradWeight = tf.sum(tf.mul(gradValue, savedNormalized), 0);
        const gradNormalized = tf.mul(gradValue, savedWeight);
        const alongMean = tf.mean(gradNormalized, -1, true); // [N, 1]
        const alongNormalized = tf.mean(tf.mul(gradNormalized, savedNormalized), -1, true); // [N, 1]
        const tangent = tf.sub(tf.sub(gradNormalized, alongMean), tf.mul(savedNormalized, alongNormalized));
        const gradSum = tf.mul(tangent, savedInverseDeviation); // [N, D]
        const gradX = savedMask === undefined ? tf.clone(gradSum) : tf.mul(gradSum, savedMask);
        return [gradX, gradSum, gradWeight, tf.sum(gradValue, 0)];
      },
    };
  });
}
