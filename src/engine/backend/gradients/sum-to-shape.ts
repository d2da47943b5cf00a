import * as tf from '@tensorflow/tfjs-core';

/** Undoes broadcasting: sums the gradient of a result to the shape of the input that was stretched to it. */
export function sumToShape(gradient: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape);
  return tf.reshape(axes.length === 0 ? gradient : tf.sum(gradient, axes), shape);
}
