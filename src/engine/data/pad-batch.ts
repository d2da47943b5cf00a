import type { Batch, Example } from './example.ts';

/** What the loss leaves out, in torch as in `Batch`. */
const IGNORED_LABEL = -100;

/**
 * The examples as one batch, padded on the right to the longest source and target, as DataCollatorForSeq2Seq does.
 *
 * @throws {RangeError} without examples
 */
export function padBatch(examples: readonly Example[], padTokenId: number): Batch {
  if (examples.length === 0) throw new RangeError('A batch needs at least one example.');
  const batchSize = examples.length;
  const sourceLength = longest(examples.map(({ sourceIds }) => sourceIds));
  const targetLength = longest(examples.map(({ targetIds }) => targetIds));
  const inputIds = new Int32Array(batchSize * sourceLength).fill(padTokenId);
  const attentionMask = new Int32Array(batchSize * sourceLength);
  const labels = new Int32Array(batchSize * targetLength).fill(IGNORED_LABEL);
  for (const [row, { sourceIds, targetIds }] of examples.entries()) {
    inputIds.set(sourceIds, row * sourceLength);
    attentionMask.fill(1, row * sourceLength, row * sourceLength + sourceIds.length);
    labels.set(targetIds, row * targetLength);
  }
  const targetTokens = labels.reduce((count, label) => (label === IGNORED_LABEL ? count : count + 1), 0);
  return { batchSize, sourceLength, targetLength, inputIds, attentionMask, labels, targetTokens };
}

function longest(rows: readonly (readonly number[])[]): number {
  return rows.reduce((length, row) => Math.max(length, row.length), 0);
}
