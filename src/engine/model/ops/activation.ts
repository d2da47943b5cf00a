/** The activations of Hugging Face's ACT2FN that Marian models use, with their derivatives. */
import * as tf from '@tensorflow/tfjs-core';

export type Activation = 'none' | 'silu' | 'relu' | 'gelu';

/** Returns activation(x), of x's shape; `x` itself for 'none'. */
export function activate(x: tf.Tensor2D, activation: Activation): tf.Tensor2D {
  switch (activation) {
    case 'none':
      return x;
    case 'silu':
      return tf.mul(x, tf.sigmoid(x));
    case 'relu':
      return tf.relu(x);
    case 'gelu':
      return tf.mul(x, normalDistribution(x));
    default:
      return activation satisfies never;
  }
}

/** Returns gradValue · activation'(x). */
export function gradActivation(gradValue: tf.Tensor2D, x: tf.Tensor2D, activation: Activation): tf.Tensor2D {
  switch (activation) {
    case 'none':
      return gradValue;
    case 'silu': {
      // σ'(x)·x + σ(x) = σ(x)·(1 + x·(1 - σ(x)))
      const sigmoid = tf.sigmoid(x);
      return tf.mul(gradValue, tf.mul(sigmoid, tf.add(1, tf.mul(x, tf.sub(1, sigmoid)))));
    }
    case 'relu':
      return tf.mul(gradValue, tf.step(x));
    case 'gelu': {
      const density = tf.mul(1 / Math.sqrt(2 * Math.PI), tf.exp(tf.mul(-0.5, tf.square(x))));
      return tf.mul(gradValue, tf.add(normalDistribution(x), tf.mul(x, density)));
    }
    default:
      return activation satisfies never;
  }
}

/** Φ(x): gelu is x·Φ(x), the exact form, not tanh's approximation. */
function normalDistribution(x: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(0.5, tf.add(1, tf.erf(tf.mul(Math.SQRT1_2, x))));
}
