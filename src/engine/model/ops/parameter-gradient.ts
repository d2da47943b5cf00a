import * as tf from '@tensorflow/tfjs-core';

/**
 * Where the gradient of one parameter is summed over the operations and micro-batches it takes part in. The memory stays
 * from step to step; while `isEmpty`, what it holds does not count and the next contribution replaces it.
 */
export class ParameterGradient {
  readonly sum: tf.Variable;
  isEmpty = true;

  constructor(shape: number[]) {
    this.sum = tf.tidy(() => tf.variable(tf.zeros(shape), false));
  }

  /** Adds a contribution, shaped like the parameter, which stays the caller's. */
  add(contribution: tf.Tensor): void {
    tf.tidy(() => this.sum.assign(this.isEmpty ? tf.clone(contribution) : tf.add(this.sum, contribution)));
    this.isEmpty = false;
  }

  clear(): void {
    this.isEmpty = true;
  }

  dispose(): void {
    this.sum.dispose();
  }
}
