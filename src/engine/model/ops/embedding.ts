import * as tf from '@tensorflow/tfjs-core';
import { gatherRows, scatterAddRows } from '../../backend/row-kernels.ts';
import { indicesWhere } from './indices-where.ts';
import { withOwnGradient } from './own-gradient.ts';

export interface EmbeddingOptions {
  /** √D where the model scales its embeddings, else 1. */
  readonly scale: number;
  /** [T, D] added to every row of the batch. */
  readonly positions: tf.Tensor2D;
  /** Its row gets no gradient from being looked up, as torch.nn.Embedding's padding_idx. */
  readonly padTokenId: number;
}

/**
 * Looks ids up, scales them and adds their positions. B batch, T length, V vocabulary, D model size.
 *
 * @param table  [V, D]
 * @param ids    [B, T] row-major, each in 0…V-1
 * @returns      [B·T, D]; the caller disposes it. Differentiable in the table.
 * @throws {RangeError} when an id is outside the vocabulary
 */
export function embedding(
  table: tf.Tensor2D,
  ids: Int32Array,
  { scale, positions, padTokenId }: EmbeddingOptions,
): tf.Tensor2D {
  const [size, width] = table.shape;
  const length = positions.shape[0];
  return withOwnGradient([table], () => {
    const scaled = tf.mul(gatherRows(table, ids), scale); // [B·T, D]
    const placed = tf.add(tf.reshape(scaled, [-1, length, width]), positions); // [B, T, D]
    return {
      value: tf.reshape(placed, [ids.length, width]),
      saved: [],
      gradients: (gradValue) => {
        const lookedUp = indicesWhere(ids, (id) => id !== padTokenId);
        const gradRows = lookedUp.length === ids.length ? gradValue : gatherRows(gradValue, lookedUp);
        const targets = lookedUp.map((place) => ids[place] ?? padTokenId);
        return [scatterAddRows(tf.mul(gradRows, scale), targets, size)];
      },
    };
  });
}
