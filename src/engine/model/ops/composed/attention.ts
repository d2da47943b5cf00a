/**
 * Attention over packed rows by batched matrix products over padded sequences.
 * B sequences, T most queries, S most keys of one, H heads, D model size.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { AttentionOptions, Dropout, FusedOps } from '../fused-ops.ts';
import { fillDropout } from './dropout-mask.ts';
import { longestLength, padRows, sequenceLengths, unpadRows } from './packed-rows.ts';

/** Added to a score, it makes the probability exactly 0 in float32 without the NaN that -Infinity risks. */
const HIDDEN = -1e9;

export const composedAttention: Pick<FusedOps, 'attention' | 'attentionBackward'> = {
  attention: (query, key, value, options) =>
    tf.tidy(() => {
      const { heads, queryStarts, keyStarts } = options;
      const headQuery = tf.mul<tf.Tensor4D>(padHeads(query, queryStarts, heads), scaleOf(query, heads)); // [B, H, T, D/H]
      const headKey = padHeads(key, keyStarts, heads); // [B, H, S, D/H]
      const headValue = padHeads(value, keyStarts, heads); // [B, H, S, D/H]
      const probabilities = attentionProbabilities(headQuery, headKey, scoreMask(options)); // [B, H, T, S]
      const weights = withDropout(probabilities, options);
      const attended = unpadRows(mergeHeads(tf.matMul<tf.Tensor4D>(weights, headValue)), queryStarts); // [N, D]
      return { output: attended, saved: [probabilities] };
    }),

  attentionBackward: (gradOutput, { query, key, value, saved }, options) =>
    tf.tidy(() => {
      const { heads, queryStarts, keyStarts } = options;
      const [probabilities] = saved as [tf.Tensor4D];
      const scale = scaleOf(query, heads);
      const gradHead = padHeads(gradOutput, queryStarts, heads); // [B, H, T, D/H], zero beyond a sequence's end
      const gradValue = tf.matMul<tf.Tensor4D>(withDropout(probabilities, options), gradHead, true, false); // [B, H, S, D/H]
      const gradWeights = tf.matMul<tf.Tensor4D>(gradHead, padHeads(value, keyStarts, heads), false, true); // [B, H, T, S]
      const weighted = tf.mul(withDropout(gradWeights, options), probabilities);
      const gradScores = tf.sub<tf.Tensor4D>(weighted, tf.mul(probabilities, tf.sum(weighted, -1, true)));
      const gradQuery = tf.matMul<tf.Tensor4D>(gradScores, padHeads(key, keyStarts, heads)); // [B, H, T, D/H]
      const gradKey = tf.matMul<tf.Tensor4D>(gradScores, padHeads(query, queryStarts, heads), true, false); // [B, H, S, D/H]
      return {
        query: tf.mul<tf.Tensor2D>(unpadRows(mergeHeads(gradQuery), queryStarts), scale),
        key: tf.mul<tf.Tensor2D>(unpadRows(mergeHeads(gradKey), keyStarts), scale),
        value: unpadRows(mergeHeads(gradValue), keyStarts),
      };
    }),
};

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

/** Returns [B, 1, 1, S], hiding what no key is at; null where nothing is hidden. The caller disposes it. */
export function keyMask(keyStarts: Int32Array): tf.Tensor4D | null {
  const lengths = sequenceLengths(keyStarts);
  const longest = longestLength(keyStarts);
  if (lengths.every((length) => length === longest)) return null;
  const values = new Float32Array(lengths.length * longest);
  lengths.forEach((length, sequence) => {
    values.fill(HIDDEN, sequence * longest + length, (sequence + 1) * longest);
  });
  return tf.tensor4d(values, [lengths.length, 1, 1, longest]);
}

/** A causal mask hides a sequence's padding from its queries too: it comes after them. */
function scoreMask({ isCausal, queryStarts, keyStarts }: AttentionOptions): tf.Tensor4D | null {
  if (!isCausal) return keyMask(keyStarts);
  const [queries, keys] = [longestLength(queryStarts), longestLength(keyStarts)];
  const values = new Float32Array(queries * keys);
  for (let query = 0; query < queries; query++) values.fill(HIDDEN, query * keys + query + 1, (query + 1) * keys);
  return tf.tensor4d(values, [1, 1, queries, keys]);
}

function padHeads(x: tf.Tensor2D, starts: Int32Array, heads: number): tf.Tensor4D {
  return tf.tidy(() => splitHeads(padRows(x, starts), heads));
}

function scaleOf(x: tf.Tensor2D, heads: number): number {
  return (x.shape[1] / heads) ** -0.5;
}

function withDropout(x: tf.Tensor4D, options: AttentionOptions): tf.Tensor4D {
  const { dropout } = options;
  return dropout === null ? x : tf.mul(x, tf.tensor4d(paddedDropout(dropout, options), x.shape));
}

/** The mask [B, H, T, S] whose elements are counted without padding, so that they do not depend on it. */
function paddedDropout(dropout: Dropout, { heads, queryStarts, keyStarts }: AttentionOptions): Float32Array {
  const [queryLengths, keyLengths] = [sequenceLengths(queryStarts), sequenceLengths(keyStarts)];
  const [queries, keys] = [longestLength(queryStarts), longestLength(keyStarts)];
  const values = new Float32Array(queryLengths.length * heads * queries * keys);
  let counted = 0;
  queryLengths.forEach((queryLength, sequence) => {
    const keyLength = keyLengths[sequence] ?? 0;
    for (let head = 0; head < heads; head++) {
      for (let query = 0; query < queryLength; query++) {
        const start = ((sequence * heads + head) * queries + query) * keys;
        fillDropout(values.subarray(start, start + keyLength), dropout, counted);
        counted += keyLength;
      }
    }
  });
  return values;
}
