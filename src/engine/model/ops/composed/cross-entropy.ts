/**
 * The output layer and its loss: logits, softmax and cross-entropy of a block of rows at a time, with the gradients of
 * that block at once. N rows, D model size, V vocabulary, R rows of a block.
 *
 * The loss of a row is log Σ exp(logits) minus the mean logit under the smoothed label; so are its gradients, of which
 * the second part takes no logits. A head may have 30 M weights: no more copies of its gradient than needed are made.
 */
import * as tf from '@tensorflow/tfjs-core';
import { gatherRows, scatterAddRows } from '../../../backend/row-kernels.ts';
import type { FusedOps } from '../fused-ops.ts';
import { tidy } from '../tidy.ts';

/** Logits held at once; 4 M floats are 16 MB, about what a processor's last cache holds. */
const BLOCK_LOGITS = 4_194_304;

/** Returns the operation. @param rowsOfBlock R for a vocabulary of V */
export function composedCrossEntropy(
  rowsOfBlock = (size: number): number => Math.max(1, Math.floor(BLOCK_LOGITS / size)),
): Pick<FusedOps, 'crossEntropy'> {
  return {
    crossEntropy: (hidden, head, bias, labels, { labelSmoothing, weight, gradHead }) =>
      tidy(() => {
        const [rows, width] = hidden.shape;
        const size = head.shape[0];
        const scale = weight / rows;
        const headTransposed = tf.transpose(head); // [D, V]
        const scaledHidden = tf.mul<tf.Tensor2D>(hidden, scale); // [N, D]
        gradHead?.add(gradMeanLogits(scaledHidden, size, labels, labelSmoothing));
        const losses: tf.Scalar[] = [];
        const gradBlocks: tf.Tensor2D[] = [];
        const blockRows = rowsOfBlock(size);
        for (let start = 0; start < rows; start += blockRows) {
          const blockLabels = labels.subarray(start, start + blockRows);
          const block = (x: tf.Tensor2D): tf.Tensor2D => tf.slice(x, [start, 0], [blockLabels.length, width]); // [R, D]
          const [loss, gradRows] = tf.tidy((): [tf.Scalar, tf.Tensor2D?] => {
            const logits = tf.fused.matMul({ a: block(hidden), b: headTransposed, bias }) as tf.Tensor2D; // [R, V]
            const probabilities = tf.softmax(logits); // [R, V]
            const blockLoss = sumOfLosses(logits, probabilities, blockLabels, labelSmoothing);
            if (gradHead === null) return [blockLoss];
            gradHead.add(tf.matMul(tf.transpose(probabilities), block(scaledHidden))); // [V, D]
            return [blockLoss, tf.matMul<tf.Tensor2D>(probabilities, head)];
          });
          losses.push(loss);
          if (gradRows !== undefined) gradBlocks.push(gradRows);
        }
        const loss = tf.mul<tf.Scalar>(tf.addN(losses), scale);
        if (gradHead === null) return { loss, gradHidden: null };
        const ofLabels = tf.mul(gatherRows(head, labels), 1 - labelSmoothing); // [N, D]
        const ofAll = labelSmoothing === 0 ? 0 : tf.mul(tf.sum(head, 0), labelSmoothing / size); // [D]
        const gradRows = tf.sub(tf.sub(tf.concat(gradBlocks), ofLabels), ofAll); // [N, D]
        return { loss, gradHidden: tf.mul<tf.Tensor2D>(gradRows, scale) };
      }),
  };
}

/** Returns minus the gradient [V, D] of the mean logits under the smoothed labels, summed over the rows, by the head. */
function gradMeanLogits(hidden: tf.Tensor2D, size: number, labels: Int32Array, labelSmoothing: number): tf.Tensor2D {
  return tf.tidy(() => {
    const ofLabels = scatterAddRows(tf.mul(hidden, labelSmoothing - 1), labels, size);
    return labelSmoothing === 0 ? ofLabels : tf.sub(ofLabels, tf.mul(tf.sum(hidden, 0), labelSmoothing / size));
  });
}

/** Returns Σ log Σ exp(logits) - (1 - ε)·logit of the label - ε·mean logit. */
function sumOfLosses(
  logits: tf.Tensor2D,
  probabilities: tf.Tensor2D,
  labels: Int32Array,
  labelSmoothing: number,
): tf.Scalar {
  const size = logits.shape[1];
  const flatLabels = tf.tensor1d(
    labels.map((label, row) => row * size + label),
    'int32',
  );
  const logitsOfLabels = tf.gather(tf.reshape(logits, [-1]), flatLabels); // [R]
  // log Σ exp = greatest logit - log of its probability, which is at least 1/V: no underflow.
  const normalizers = tf.sub(tf.max(logits, -1), tf.log(tf.max(probabilities, -1))); // [R]
  const nll = tf.sub(normalizers, tf.mul(logitsOfLabels, 1 - labelSmoothing));
  const smoothed = labelSmoothing > 0 ? tf.sub(nll, tf.mul(tf.mean(logits, -1), labelSmoothing)) : nll;
  return tf.sum(smoothed);
}
