import type * as tf from '@tensorflow/tfjs-core';

/** The gradient of a kernel with one output: tf.GradConfig, with the output's gradient as the one tensor it is. */
export interface KernelGradient extends Omit<tf.GradConfig, 'gradFunc'> {
  readonly gradFunc: (
    gradient: tf.Tensor,
    saved: tf.Tensor[],
    attributes: tf.NamedAttrMap,
  ) => Record<string, () => tf.Tensor>;
}
