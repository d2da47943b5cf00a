import type * as tf from '@tensorflow/tfjs-core';
import { fusedOps } from './current-ops.ts';
import { addGradient, type Rows, type Tape } from './tape.ts';

export interface CrossEntropyOptions {
  /** ε: the loss is (1 - ε)·nll + ε·(mean of -log p over the vocabulary), as transformers' LabelSmoother. */
  readonly labelSmoothing: number;
  /** Times which loss and gradients are taken. */
  readonly weight: number;
}

/**
 * Computes `weight` times the mean cross-entropy of softmax(hidden·headᵀ + bias), and with a tape the gradients at once,
 * from which its backward pass goes on. N rows, D model size, V vocabulary.
 *
 * @param hidden  [N, D] last rows of the decoder
 * @param head    [V, D] weight of the output layer
 * @param bias    [V] added to the logits; not trained
 * @param labels  [N], each in 0…V-1
 * @returns       scalar, nats; the caller disposes it
 * @throws {RangeError} when there is no label, or one is outside the vocabulary
 */
export function crossEntropy(
  tape: Tape | null,
  hidden: Rows,
  { head, bias }: { readonly head: tf.Tensor2D; readonly bias: tf.Tensor1D },
  labels: Int32Array,
  options: CrossEntropyOptions,
): tf.Scalar {
  assertLabels(labels, head.shape[0]);
  const gradHead = tape?.gradientOf(head) ?? null;
  const { loss, gradHidden } = fusedOps().crossEntropy(hidden.value, head, bias, labels, { ...options, gradHead });
  if (gradHidden !== null) addGradient(hidden, gradHidden);
  return loss;
}

function assertLabels(labels: Int32Array, size: number): void {
  if (labels.length === 0) throw new RangeError('the batch has no label: there is no loss to compute');
  for (const label of labels) {
    if (label < 0 || label >= size) throw new RangeError(`label ${label} is outside the vocabulary of ${size} pieces`);
  }
}
