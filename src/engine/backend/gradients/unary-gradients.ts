/** Gradients of functions of one tensor, element by element, and of softmax along the last axis. */
import * as tf from '@tensorflow/tfjs-core';
import type { KernelGradient } from './kernel-gradient.ts';

/** The gradient of a kernel as a function of its input `x`. */
function ofInput(kernelName: string, gradient: (gradY: tf.Tensor, x: tf.Tensor) => tf.Tensor): KernelGradient {
  return {
    kernelName,
    inputsToSave: ['x'],
    gradFunc: (gradY, saved) => ({ x: () => gradient(gradY, saved[0] as tf.Tensor) }),
  };
}

/** The gradient of a kernel as a function of its output `y`. */
function ofOutput(
  kernelName: string,
  gradient: (gradY: tf.Tensor, y: tf.Tensor) => tf.Tensor,
  input = 'x',
): KernelGradient {
  return {
    kernelName,
    outputsToSave: [true],
    gradFunc: (gradY, saved) => ({ [input]: () => gradient(gradY, saved[0] as tf.Tensor) }),
  };
}

export const unaryGradients: readonly KernelGradient[] = [
  { kernelName: 'Neg', gradFunc: (gradY) => ({ x: () => tf.neg(gradY) }) },
  ofInput('Square', (gradY, x) => tf.mul(gradY, tf.mul(x, 2))),
  ofInput('Log', (gradY, x) => tf.div(gradY, x)),
  ofOutput('Exp', (gradY, y) => tf.mul(gradY, y)),
  ofOutput('Sqrt', (gradY, y) => tf.div(gradY, tf.mul(y, 2))),
  ofOutput('Rsqrt', (gradY, y) => tf.mul(gradY, tf.mul(-0.5, tf.mul(y, tf.square(y))))),
  ofOutput('Sigmoid', (gradY, y) => tf.mul(gradY, tf.mul(y, tf.sub(1, y)))),
  ofOutput(
    'Softmax',
    (gradY, y) => {
      const weighted = tf.mul(gradY, y);
      return tf.sub(weighted, tf.mul(tf.sum(weighted, -1, true), y));
    },
    'logits',
  ),
];
