/**
 * Outputs for any number of sources, batch by batch. Sentences of like length go together, longest first, so that little
 * is spent on padding and a lack of memory shows at once.
 */
import { CancelledError } from '../../errors.ts';
import type { Seq2SeqModel } from '../model/seq2seq-model.ts';
import { generate } from './generate.ts';
import type { GenerationSettings } from './generation-settings.ts';

export interface GenerateAllOptions {
  readonly model: Seq2SeqModel;
  /** Piece ids, each ending in the end-of-sentence id. */
  readonly sources: readonly (readonly number[])[];
  readonly settings: GenerationSettings;
  /** Sentences decoded together. */
  readonly batchSize: number;
  readonly signal?: AbortSignal;
}

/** One output and the place of its source. */
export interface GeneratedItem {
  readonly index: number;
  readonly ids: readonly number[];
}

/**
 * Yields the outputs of each batch as soon as they are made.
 *
 * @throws {CancelledError} when `signal` is aborted
 */
export async function* generateAll({
  model,
  sources,
  settings,
  batchSize,
  signal,
}: GenerateAllOptions): AsyncGenerator<readonly GeneratedItem[]> {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new RangeError(`batchSize is ${batchSize}; expected 1 or more.`);
  const byLength = [...sources.entries()].sort(([, a], [, b]) => b.length - a.length);
  for (let first = 0; first < byLength.length; first += batchSize) {
    if (signal?.aborted) throw new CancelledError('Decoding was cancelled.');
    const batch = byLength.slice(first, first + batchSize);
    const outputs = await generate(
      model,
      batch.map(([, ids]) => ids),
      settings,
      { signal },
    );
    yield batch.map(([index], row) => ({ index, ids: outputs[row] ?? [] }));
  }
}
