/** wasm multiplies fast only what is two-dimensional and not transposed, so every transposition is made explicitly. */
import * as tf from '@tensorflow/tfjs-core';
import { activate, gradActivation } from '../activation.ts';
import type { FusedOps } from '../fused-ops.ts';
import { tidy } from '../tidy.ts';

export const composedLinear: Pick<FusedOps, 'linear' | 'linearBackward'> = {
  linear: (x, weight, bias, activation, isTraining) =>
    tidy(() => {
      const sum = tf.fused.matMul({ a: x, b: tf.transpose(weight), bias }) as tf.Tensor2D; // [N, M]
      const isNeeded = isTraining && activation !== 'none';
      return { output: activate(sum, activation), sum: isNeeded ? sum : null };
    }),

  linearBackward: (gradOutput, { x, weight, sum, activation }, gradients, before = null) => {
    const gradX = tf.tidy(() => {
      const gradSum = sum === null ? gradOutput : gradActivation(gradOutput, sum, activation); // [N, M]
      const gradSumTransposed = tf.transpose(gradSum); // [M, N]
      gradients.weight.add(tf.matMul(gradSumTransposed, x)); // [M, K]
      gradients.bias.add(tf.sum(gradSumTransposed, -1));
      const own = tf.matMul<tf.Tensor2D>(gradSum, weight); // [N, K]
      return before === null ? own : tf.add<tf.Tensor2D>(before, own);
    });
    before?.dispose();
    return gradX;
  },
};
