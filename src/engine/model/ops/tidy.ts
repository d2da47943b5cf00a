import * as tf from '@tensorflow/tfjs-core';

/** `tf.tidy` for results that may hold null in place of a tensor, which tfjs allows though its types do not. */
export function tidy<T>(run: () => T): T {
  return tf.tidy(run as () => tf.TensorContainer) as T;
}
