import type * as tf from '@tensorflow/tfjs-core';
import type { AttentionOptions, FusedOps } from '../model/ops/fused-ops.ts';
import { dropoutNumbers } from './dropout-numbers.ts';
import type { NativeBackend } from './native-backend.ts';

/** Returns attention by kernels of the addon. Nothing is saved for the backward, which computes the probabilities anew. */
export function nativeAttention(backend: NativeBackend): Pick<FusedOps, 'attention' | 'attentionBackward'> {
  const { addon } = backend;
  const block = (tensor: tf.Tensor): number => backend.floatBlock(tensor);
  return {
    attention(query, key, value, options) {
      assertShapes(query, key, value, options);
      const output = backend.tensor<tf.Tensor2D>(query.shape);
      addon.attention(
        block(query),
        block(key),
        block(value),
        block(output),
        query.shape[1],
        options.heads,
        options.queryStarts,
        options.keyStarts,
        options.isCausal,
        ...dropoutNumbers(options.dropout),
      );
      return { output, saved: [] };
    },

    attentionBackward(gradOutput, { query, key, value }, options) {
      assertShapes(query, key, value, options);
      const gradients = {
        query: backend.tensor<tf.Tensor2D>(query.shape),
        key: backend.tensor<tf.Tensor2D>(key.shape),
        value: backend.tensor<tf.Tensor2D>(value.shape),
      };
      addon.attentionBackward(
        block(query),
        block(key),
        block(value),
        block(gradOutput),
        block(gradients.query),
        block(gradients.key),
        block(gradients.value),
        query.shape[1],
        options.heads,
        options.queryStarts,
        options.keyStarts,
        options.isCausal,
        ...dropoutNumbers(options.dropout),
      );
      return gradients;
    },
  };
}

function assertShapes(
  query: tf.Tensor2D,
  key: tf.Tensor2D,
  value: tf.Tensor2D,
  { queryStarts, keyStarts }: AttentionOptions,
): void {
  const [rows, width] = query.shape;
  const [keyRows] = key.shape;
  const areAlike = key.shape[1] === width && value.shape[0] === keyRows && value.shape[1] === width;
  if (!areAlike) {
    throw new RangeError(`query [${query.shape}], key [${key.shape}] and value [${value.shape}] do not go together`);
  }
  if (queryStarts.at(-1) !== rows || keyStarts.at(-1) !== keyRows) {
    throw new RangeError(
      `the sequences end at rows ${queryStarts.at(-1)} and ${keyStarts.at(-1)}; there are ${rows} queries and ${keyRows} keys`,
    );
  }
}
