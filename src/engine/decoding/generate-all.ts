/**
 * Outputs for any number of sources. Sentences of like length go together, longest first, so that little is spent on
 * padding and a lack of memory shows at once.
 */
import type { Seq2SeqModel } from '../model/seq2seq-model.ts';
import { decodeSentences, type GeneratedItem } from './decode-sentences.ts';
import type { GenerationSettings } from './generation-settings.ts';

export interface GenerateAllOptions {
  readonly model: Seq2SeqModel;
  /** Piece ids, each ending in the end-of-sentence id. */
  readonly sources: readonly (readonly number[])[];
  readonly settings: GenerationSettings;
  /** Sentences decoded together. */
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Yields outputs as soon as a batch of them is made.
 *
 * @throws {CancelledError} when `signal` is aborted
 */
export async function* generateAll(options: GenerateAllOptions): AsyncGenerator<readonly GeneratedItem[]> {
  const { model, sources, settings, batchSize, signal } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new RangeError(`batchSize is ${batchSize}; expected 1 or more.`);
  const byLength = [...sources.entries()].sort(([, a], [, b]) => b.length - a.length);
  const sorted = byLength.map(([, ids]) => ids);
  const placed = (items: readonly GeneratedItem[]): GeneratedItem[] =>
    items.toSorted((a, b) => a.index - b.index).map(({ index, ids }) => ({ index: byLength[index]?.[0] ?? -1, ids }));
  let made: GeneratedItem[] = [];
  for await (const items of decodeSentences({ model, sources: sorted, settings, atOnce: batchSize, signal })) {
    made.push(...items);
    while (made.length >= batchSize) {
      yield placed(made.slice(0, batchSize));
      made = made.slice(batchSize);
    }
  }
  if (made.length > 0) yield placed(made);
}
