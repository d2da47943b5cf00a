import type { Seq2SeqModel } from '../model/seq2seq-model.ts';
import { decodeSentences } from './decode-sentences.ts';
import type { GenerationSettings } from './generation-settings.ts';

export interface GenerateOptions {
  /** Looked at before each step. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The outputs of all sources, in their order, decoded as one batch: beam search, or greedy search with one beam.
 *
 * @param sources  piece ids, each ending in the end-of-sentence id
 * @returns        ids without the start and without pads at the end, with the end where it was reached
 * @throws {ModelError} when the model's logits are not finite
 * @throws {CancelledError} when `signal` is aborted
 */
export async function generate(
  model: Seq2SeqModel,
  sources: readonly (readonly number[])[],
  settings: GenerationSettings,
  { signal }: GenerateOptions = {},
): Promise<number[][]> {
  const outputs: number[][] = sources.map(() => []);
  const atOnce = sources.length;
  for await (const items of decodeSentences({ model, sources, settings, atOnce, signal })) {
    for (const { index, ids } of items) outputs[index] = [...ids];
  }
  return outputs;
}
