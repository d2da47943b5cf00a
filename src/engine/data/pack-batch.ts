import type { Batch, Example, Packed } from './example.ts';

/** The examples as one batch. @throws {RangeError} without examples */
export function packBatch(examples: readonly Example[]): Batch {
  if (examples.length === 0) throw new RangeError('A batch needs at least one example.');
  return {
    source: packSequences(examples.map(({ sourceIds }) => sourceIds)),
    labels: packSequences(examples.map(({ targetIds }) => targetIds)),
  };
}

/** The sequences one after the other. */
export function packSequences(sequences: readonly (readonly number[])[]): Packed {
  const starts = new Int32Array(sequences.length + 1);
  for (const [index, { length }] of sequences.entries()) starts[index + 1] = (starts[index] ?? 0) + length;
  const ids = new Int32Array(starts.at(-1) ?? 0);
  for (const [index, sequence] of sequences.entries()) ids.set(sequence, starts[index]);
  return { ids, starts };
}
