import * as tf from '@tensorflow/tfjs-core';
import { type Activation, activate, gradActivation } from './activation.ts';
import { withOwnGradient } from './own-gradient.ts';

/** A layer's weight [M, K] and bias [M], as Hugging Face stores them. */
export interface LinearWeights {
  readonly weight: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
}

/**
 * Computes activation(x · weightᵀ + bias). N rows, K inputs, M outputs.
 *
 * wasm multiplies fast only what is two-dimensional and not transposed, so every transposition is made explicitly.
 *
 * @param x  [N, K]
 * @returns  [N, M]; the caller disposes it. Differentiable in x, weight and bias.
 */
export function linear(x: tf.Tensor2D, { weight, bias }: LinearWeights, activation: Activation = 'none'): tf.Tensor2D {
  return withOwnGradient([x, weight, bias], () => {
    const sum = tf.fused.matMul({ a: x, b: tf.transpose(weight), bias }) as tf.Tensor2D; // [N, M]
    return {
      value: activate(sum, activation),
      saved: activation === 'none' ? [x, weight] : [x, weight, sum],
      gradients: (gradValue, [savedX, savedWeight, savedSum]) => {
        const gradSum =
          savedSum === undefined ? gradValue : gradActivation(gradValue, savedSum as tf.Tensor2D, activation);
        const gradX = tf.matMul(gradSum, savedWeight as tf.Tensor2D); // [N, K]
        const gradSumTransposed = tf.transpose(gradSum); // [M, N]
        const gradWeight = tf.matMul(gradSumTransposed, savedX as tf.Tensor2D); // [M, K]
        return [gradX, gradWeight, tf.sum(gradSumTransposed, -1)];
      },
    };
  });
}
