/**
 * The output layer and its loss in one: logits, softmax and cross-entropy of a block of rows at a time, with the
 * gradients of that block at once, so that the logits of a whole batch are never held.
 * N rows with a label, D model size, V vocabulary, R rows of a block.
 */
import * as tf from '@tensorflow/tfjs-core';
import { gatherRows, scatterAddRows } from '../../backend/row-kernels.ts';
import { indicesWhere } from './indices-where.ts';
import { isRecordingGradient, withOwnGradient } from './own-gradient.ts';

/** The label torch.nn.CrossEntropyLoss leaves out. */
export const IGNORED_LABEL = -100;

/** Logits held at once; 4 M floats are 16 MB, about what a processor's last cache holds. */
const BLOCK_LOGITS = 4_194_304;

export interface CrossEntropyOptions {
  /** ε: the loss is (1 - ε)·nll + ε·(mean of -log p over the vocabulary), as transformers' LabelSmoother. */
  readonly labelSmoothing: number;
  /** Overrides the rows of a block, for tests. */
  readonly blockRows?: number;
}

/**
 * Computes the mean cross-entropy of softmax(hidden·headᵀ + bias) over the labels that are not -100.
 *
 * @param hidden  [M, D] rows of the decoder
 * @param head    [V, D] weight of the output layer
 * @param bias    [V] added to the logits; not trained
 * @param labels  [M], each -100 or in 0…V-1
 * @returns       scalar, nats; the caller disposes it. Differentiable in hidden and head.
 * @throws {RangeError} when no label counts, or one is outside the vocabulary
 */
export function crossEntropy(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  bias: tf.Tensor1D,
  labels: Int32Array,
  { labelSmoothing, blockRows }: CrossEntropyOptions,
): tf.Scalar {
  const places = indicesWhere(labels, (label) => label !== IGNORED_LABEL);
  if (places.length === 0) throw new RangeError('the batch has no label but -100: there is no loss to compute');
  const targets = places.map((place) => labels[place] ?? IGNORED_LABEL);
  assertLabels(targets, head.shape[0]);
  const rows = blockRows ?? Math.max(1, Math.floor(BLOCK_LOGITS / head.shape[0]));
  const isRecording = isRecordingGradient();
  return withOwnGradient([hidden, head], () => {
    const sums = sumOverBlocks(gatherRows(hidden, places), head, bias, targets, { rows, labelSmoothing, isRecording });
    const scale = 1 / places.length;
    return {
      value: tf.mul(sums.loss, scale) as tf.Scalar,
      saved: sums.gradients === null ? [] : [sums.gradients.rows, sums.gradients.head],
      gradients: (gradLoss, [gradRows, gradHead]) => {
        const factor = tf.mul(gradLoss, scale);
        const gradHidden = scatterAddRows(gradRows as tf.Tensor2D, places, labels.length);
        return [tf.mul(gradHidden, factor), tf.mul(gradHead as tf.Tensor2D, factor)];
      },
    };
  });
}

interface BlockOptions {
  readonly rows: number;
  readonly labelSmoothing: number;
  readonly isRecording: boolean;
}

interface Sums {
  readonly loss: tf.Scalar;
  /** [N, D] and [V, D]; null unless recording. */
  readonly gradients: { readonly rows: tf.Tensor2D; readonly head: tf.Tensor2D } | null;
}

/**
 * Returns the summed (not mean) loss of all rows and, while recording, its gradients.
 * The loss of a row is log Σ exp(logits) minus the mean logit under the smoothed label; so are its gradients, of which
 * the second part takes no logits. A head may have 30 M weights: no more copies of its gradient than needed are made.
 */
function sumOverBlocks(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  bias: tf.Tensor1D,
  targets: Int32Array,
  { rows, labelSmoothing, isRecording }: BlockOptions,
): Sums {
  const width = head.shape[1];
  const headTransposed = tf.transpose(head) as tf.Tensor2D; // [D, V]
  const losses: tf.Scalar[] = [];
  const gradRowBlocks: tf.Tensor2D[] = [];
  let gradHead = isRecording ? gradMeanLogits(hidden, head.shape[0], targets, labelSmoothing) : null; // [V, D]
  for (let start = 0; start < targets.length; start += rows) {
    const blockTargets = targets.slice(start, start + rows);
    const [loss, gradRows, nextGradHead] = tf.tidy((): [tf.Scalar, tf.Tensor2D?, tf.Tensor2D?] => {
      const blockHidden = tf.slice(hidden, [start, 0], [blockTargets.length, width]); // [R, D]
      const logits = tf.fused.matMul({ a: blockHidden, b: headTransposed, bias }) as tf.Tensor2D; // [R, V]
      const probabilities = tf.softmax(logits); // [R, V]
      const blockLoss = sumOfLosses(logits, probabilities, blockTargets, labelSmoothing);
      if (gradHead === null) return [blockLoss];
      const gradBlockHead = tf.matMul<tf.Tensor2D>(tf.transpose(probabilities), blockHidden); // [V, D]
      return [blockLoss, tf.matMul<tf.Tensor2D>(probabilities, head), tf.add<tf.Tensor2D>(gradHead, gradBlockHead)];
    });
    losses.push(loss);
    if (gradRows === undefined || nextGradHead === undefined) continue;
    gradRowBlocks.push(gradRows);
    gradHead?.dispose();
    gradHead = nextGradHead;
  }
  const loss = losses.length === 1 && losses[0] !== undefined ? losses[0] : (tf.addN(losses) as tf.Scalar);
  if (gradHead === null) return { loss, gradients: null };
  const ofLabels = tf.mul(gatherRows(head, targets), 1 - labelSmoothing); // [N, D]
  const ofAll = labelSmoothing === 0 ? 0 : tf.mul(tf.sum(head, 0), labelSmoothing / head.shape[0]); // [D]
  const gradRows = tf.sub<tf.Tensor2D>(tf.sub(tf.concat(gradRowBlocks), ofLabels), ofAll);
  return { loss, gradients: { rows: gradRows, head: gradHead } };
}

/** Returns minus the gradient [V, D] of the mean logits under the smoothed labels, summed over the rows, by the head. */
function gradMeanLogits(hidden: tf.Tensor2D, size: number, targets: Int32Array, labelSmoothing: number): tf.Tensor2D {
  return tf.tidy(() => {
    const ofLabels = scatterAddRows(tf.mul(hidden, labelSmoothing - 1), targets, size);
    return labelSmoothing === 0 ? ofLabels : tf.sub(ofLabels, tf.mul(tf.sum(hidden, 0), labelSmoothing / size));
  });
}

/** Returns Σ log Σ exp(logits) - (1 - ε)·logit of the label - ε·mean logit. */
function sumOfLosses(
  logits: tf.Tensor2D,
  probabilities: tf.Tensor2D,
  targets: Int32Array,
  labelSmoothing: number,
): tf.Scalar {
  const size = logits.shape[1];
  const flatTargets = tf.tensor1d(
    targets.map((target, row) => row * size + target),
    'int32',
  );
  const logitsOfTargets = tf.gather(tf.reshape(logits, [-1]), flatTargets); // [R]
  // log Σ exp = greatest logit - log of its probability, which is at least 1/V: no underflow.
  const normalizers = tf.sub(tf.max(logits, -1), tf.log(tf.max(probabilities, -1))); // [R]
  const nll = tf.sub(normalizers, tf.mul(logitsOfTargets, 1 - labelSmoothing));
  const smoothed = labelSmoothing > 0 ? tf.sub(nll, tf.mul(tf.mean(logits, -1), labelSmoothing)) : nll;
  return tf.sum(smoothed);
}

function assertLabels(labels: Int32Array, size: number): void {
  for (const label of labels) {
    if (label < 0 || label >= size) throw new RangeError(`label ${label} is outside the vocabulary of ${size} pieces`);
  }
}
