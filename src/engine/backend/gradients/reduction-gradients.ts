/** Gradients of sums and means over axes, which spread the gradient back over what was reduced. */
import * as tf from '@tensorflow/tfjs-core';
import type { KernelGradient } from './kernel-gradient.ts';

interface ReductionAttributes {
  readonly axis: number | number[] | null | undefined;
}

/** Spreads the gradient of a reduced tensor over the shape before the reduction. */
function spread(gradient: tf.Tensor, shape: number[], attributes: unknown): tf.Tensor {
  const { axis } = attributes as ReductionAttributes;
  const axes = tf.util.parseAxisParam(axis ?? shape.map((_, index) => index), shape);
  const keptShape = shape.map((size, index) => (axes.includes(index) ? 1 : size));
  return tf.mul(tf.reshape(gradient, keptShape), tf.ones(shape));
}

const sum: KernelGradient = {
  kernelName: 'Sum',
  inputsToSave: ['x'],
  gradFunc: (gradient, saved, attributes) => {
    const [x] = saved as [tf.Tensor];
    return { x: () => spread(gradient, x.shape, attributes) };
  },
};

const mean: KernelGradient = {
  kernelName: 'Mean',
  inputsToSave: ['x'],
  gradFunc: (gradient, saved, attributes) => {
    const [x] = saved as [tf.Tensor];
    const factor = gradient.size / x.size;
    return { x: () => tf.mul(spread(gradient, x.shape, attributes), factor) };
  },
};

export const reductionGradients: readonly KernelGradient[] = [sum, mean];
