import * as tf from '@tensorflow/tfjs-core';
import { withOwnGradient } from './own-gradient.ts';

export interface AttentionOptions {
  readonly heads: number;
  /** [B, 1, 1, S] or [1, 1, T, S], added to the scores: 0 keeps a position, HIDDEN hides it. Null hides nothing. */
  readonly mask: tf.Tensor4D | null;
  /** [B, H, T, S] of dropout on the probabilities, or null. */
  readonly dropoutMask?: tf.Tensor4D | null;
}

/** Added to a score, it makes the probability exactly 0 in float32 without the NaN that -Infinity risks. */
export const HIDDEN = -1e9;

/**
 * Attends from each query position to all key positions, every head at once: softmax(q·kᵀ/√(D/H) + mask)·v.
 * B batch, S keys, T queries, H heads, D model size.
 *
 * @param query  [B, T, D]
 * @param key    [B, S, D]
 * @param value  [B, S, D]
 * @returns      [B, T, D], heads side by side; the caller disposes it. Differentiable in query, key and value.
 */
export function attention(
  query: tf.Tensor3D,
  key: tf.Tensor3D,
  value: tf.Tensor3D,
  { heads, mask, dropoutMask = null }: AttentionOptions,
): tf.Tensor3D {
  const scale = (query.shape[2] / heads) ** -0.5;
  return withOwnGradient([query, key, value], () => {
    const headQuery = tf.mul(splitHeads(query, heads), scale) as tf.Tensor4D; // [B, H, T, D/H]
    const headKey = splitHeads(key, heads); // [B, H, S, D/H]
    const headValue = splitHeads(value, heads); // [B, H, S, D/H]
    const probabilities = attentionProbabilities(headQuery, headKey, mask); // [B, H, T, S]
    const weights: tf.Tensor4D = dropoutMask === null ? probabilities : tf.mul(probabilities, dropoutMask);
    return {
      value: mergeHeads(tf.matMul<tf.Tensor4D>(weights, headValue)), // [B, T, D]
      saved: [headQuery, headKey, headValue, probabilities, ...(dropoutMask === null ? [] : [dropoutMask])],
      gradients: (gradOutput, saved) => {
        const [savedQuery, savedKey, savedValue, savedProbabilities, savedMask] = saved as [
          tf.Tensor4D,
          tf.Tensor4D,
          tf.Tensor4D,
          tf.Tensor4D,
          tf.Tensor4D?,
        ];
        const dropped = (x: tf.Tensor4D): tf.Tensor4D => (savedMask === undefined ? x : tf.mul(x, savedMask));
        const gradHead = splitHeads(gradOutput, heads); // [B, H, T, D/H]
        const gradValue = tf.matMul<tf.Tensor4D>(dropped(savedProbabilities), gradHead, true, false); // [B, H, S, D/H]
        const gradProbabilities = dropped(tf.matMul<tf.Tensor4D>(gradHead, savedValue, false, true)); // [B, H, T, S]
        const weighted = tf.mul(gradProbabilities, savedProbabilities);
        const gradScores = tf.sub(weighted, tf.mul(savedProbabilities, tf.sum(weighted, -1, true))) as tf.Tensor4D;
        const gradQuery = tf.mul(tf.matMul(gradScores, savedKey), scale) as tf.Tensor4D; // [B, H, T, D/H]
        const gradKey = tf.matMul<tf.Tensor4D>(gradScores, savedQuery, true, false); // [B, H, S, D/H]
        return [mergeHeads(gradQuery), mergeHeads(gradKey), mergeHeads(gradValue)];
      },
    };
  });
}

/** Returns softmax(query·keyᵀ + mask), [B, H, T, S]; `query` is already scaled. The caller disposes it. */
export function attentionProbabilities(query: tf.Tensor4D, key: tf.Tensor4D, mask: tf.Tensor4D | null): tf.Tensor4D {
  return tf.tidy(() => {
    const scores = tf.matMul<tf.Tensor4D>(query, key, false, true); // [B, H, T, S]
    return tf.softmax(mask === null ? scores : tf.add<tf.Tensor4D>(scores, mask));
  });
}

/** [B, T, D] → [B, H, T, D/H]; the caller disposes it. */
export function splitHeads(x: tf.Tensor3D, heads: number): tf.Tensor4D {
  const [batch, length, size] = x.shape;
  return tf.tidy(() => tf.transpose(tf.reshape(x, [batch, length, heads, size / heads]), [0, 2, 1, 3]));
}

/** [B, H, T, D/H] → [B, T, D]; the caller disposes it. */
export function mergeHeads(x: tf.Tensor4D): tf.Tensor3D {
  const [batch, heads, length, size] = x.shape;
  return tf.tidy(() => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, length, heads * size]));
}
