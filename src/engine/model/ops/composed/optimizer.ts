import * as tf from '@tensorflow/tfjs-core';
import type { AdamWNumbers, AdamWParameter, FusedOps } from '../fused-ops.ts';

export const composedOptimizer: Pick<FusedOps, 'sumOfSquares' | 'adamwStep'> = {
  sumOfSquares: async (tensors) => {
    if (tensors.length === 0) return 0;
    const total = tf.tidy(() => tf.sum(tf.stack(tensors.map((tensor) => tf.sum(tf.square(tensor))))));
    try {
      const [value] = await total.data();
      return value ?? Number.NaN;
    } finally {
      total.dispose();
    }
  },

  adamwStep: (parameters, numbers) => {
    for (const parameter of parameters) tf.tidy(() => moveParameter(parameter, numbers));
  },
};

function moveParameter(
  { value, gradient, mean, square, isDecayed }: AdamWParameter,
  { gradientScale, beta1, beta2, epsilon, stepSize, squareCorrection, decay }: AdamWNumbers,
): void {
  const scaled = gradientScale === 1 ? gradient : tf.mul(gradient, gradientScale);
  mean.assign(tf.add(mean, tf.mul(tf.sub(scaled, mean), 1 - beta1)));
  square.assign(tf.add(tf.mul(square, beta2), tf.mul(tf.square(scaled), 1 - beta2)));
  const denominator = tf.add(tf.div(tf.sqrt(square), squareCorrection), epsilon);
  const decayed = isDecayed && decay !== 0 ? tf.mul(value, 1 - decay) : value;
  value.assign(tf.sub(decayed, tf.mul(tf.div(mean, denominator), stepSize)));
}
