/** The gradient of (batched) matrix products whose batch axes are equal: tfjs's own is wrong for broadcast ones. */
import * as tf from '@tensorflow/tfjs-core';
import type { KernelGradient } from './kernel-gradient.ts';

interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const batchMatMul: KernelGradient = {
  kernelName: 'BatchMatMul',
  inputsToSave: ['a', 'b'],
  gradFunc: (gradient, saved, attributes) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    const { transposeA, transposeB } = attributes as unknown as MatMulAttributes;
    if (a.shape.slice(0, -2).join() !== b.shape.slice(0, -2).join()) {
      throw new RangeError(
        `no gradient of a matrix product of [${a.shape}] and [${b.shape}]: reshape to equal batch axes`,
      );
    }
    // With Y = A·B: dA = dY·Bᵀ and dB = Aᵀ·dY; a transposed operand gets the transpose of its gradient.
    return {
      a: () => (transposeA ? tf.matMul(b, gradient, transposeB, true) : tf.matMul(gradient, b, false, !transposeB)),
      b: () => (transposeB ? tf.matMul(gradient, a, true, transposeA) : tf.matMul(a, gradient, !transposeA, false)),
    };
  },
};

export const matMulGradients: readonly KernelGradient[] = [batchMatMul];
