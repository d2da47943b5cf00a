import type * as tf from '@tensorflow/tfjs-core';
import { fusedOps } from './current-ops.ts';
import type { EmbedOptions } from './fused-ops.ts';
import { type Rows, rowsOf, type Tape } from './tape.ts';

export interface EmbeddingOptions extends EmbedOptions {
  /** Its row gets no gradient from being looked up, as torch.nn.Embedding's padding_idx. */
  readonly padTokenId: number;
}

/**
 * Looks ids up, scales them and adds their positions: [N, D]. N ids, V vocabulary, D model size.
 *
 * @param table  [V, D]
 * @throws {RangeError} when an id is outside the vocabulary
 */
export function embedding(
  tape: Tape | null,
  table: tf.Tensor2D,
  ids: Int32Array,
  { padTokenId, ...options }: EmbeddingOptions,
): Rows {
  assertIds(ids, table.shape[0]);
  const ops = fusedOps();
  const output = rowsOf(ops.embed(table, ids, options));
  const { scale, dropout } = options;
  tape?.record(output, [], (gradOutput) =>
    ops.embedBackward(gradOutput, ids, { scale, dropout, padTokenId }, tape.gradientOf(table)),
  );
  return output;
}

function assertIds(ids: Int32Array, size: number): void {
  for (const id of ids) {
    if (id < 0 || id >= size) throw new RangeError(`id ${id} is outside the vocabulary of ${size} pieces`);
  }
}
