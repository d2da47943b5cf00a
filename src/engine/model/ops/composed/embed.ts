import * as tf from '@tensorflow/tfjs-core';
import { gatherRows, scatterAddRows } from '../../../backend/row-kernels.ts';
import type { FusedOps } from '../fused-ops.ts';
import { withDropout } from './dropout.ts';
import { indicesWhere } from './indices-where.ts';

export const composedEmbed: Pick<FusedOps, 'embed' | 'embedBackward'> = {
  embed: (table, ids, { scale, positions, places, dropout }) =>
    tf.tidy(() => {
      const placed = tf.add<tf.Tensor2D>(tf.mul(gatherRows(table, ids), scale), gatherRows(positions, places)); // [N, D]
      return withDropout(placed, dropout);
    }),

  embedBackward: (gradOutput, ids, { scale, dropout, padTokenId }, gradTable) =>
    tf.tidy(() => {
      const gradAll = tf.mul<tf.Tensor2D>(withDropout(gradOutput, dropout), scale); // [N, D]
      const lookedUp = indicesWhere(ids, (id) => id !== padTokenId);
      const gradRows = lookedUp.length === ids.length ? gradAll : gatherRows(gradAll, lookedUp);
      const targets = lookedUp.map((place) => ids[place] ?? padTokenId);
      gradTable.add(scatterAddRows(gradRows, targets, gradTable.sum.shape[0] ?? 0));
    }),
};
