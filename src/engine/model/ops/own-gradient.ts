/**
 * Runs an operation whose gradient we give ourselves, in place of the one the tape would derive: fewer passes, and fewer
 * tensors kept for the way back. Nothing runs for `gradients` when no gradient is being taken.
 */
import * as tf from '@tensorflow/tfjs-core';

export interface Differentiable<T extends tf.Tensor> {
  readonly value: T;
  /** What the gradient needs again. Only these live until it runs: tensors caught in its closure would be disposed. */
  readonly saved: tf.Tensor[];
  /** One gradient for each input, in order; no tensor twice, since the tape disposes each. */
  readonly gradients: (gradValue: T, saved: tf.Tensor[]) => tf.Tensor[];
}

/** Returns the value of `operation`; the caller disposes it. Tensors made on the way are disposed here. */
export function withOwnGradient<T extends tf.Tensor>(inputs: tf.Tensor[], operation: () => Differentiable<T>): T {
  const run = tf.customGrad<T>((...inputsAndSave) => {
    const save = inputsAndSave[inputs.length] as unknown as (tensors: tf.Tensor[]) => void;
    const { value, saved, gradients } = operation();
    save(saved);
    const gradFunc = (gradValue: T, kept: tf.Tensor[]): tf.Tensor[] => tf.tidy(() => gradients(gradValue, kept));
    return { value, gradFunc };
  });
  return run(...inputs);
}

/** Whether a gradient is being taken now, so that work for it is not in vain. */
export function isRecordingGradient(): boolean {
  return tf.engine().state.gradientDepth > 0;
}
