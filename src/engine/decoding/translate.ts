/** Translations of texts, in their order: tokenised, decoded in batches of like length, and put back into words. */
import { ConfigError } from '../../errors.ts';
import type { Seq2SeqModel } from '../model/seq2seq-model.ts';
import type { MarianTokenizer } from '../text/marian-tokenizer.ts';
import { generateAll } from './generate-all.ts';
import type { GenerationSettings } from './generation-settings.ts';

export interface TranslateOptions {
  readonly model: Seq2SeqModel;
  readonly tokenizer: MarianTokenizer;
  /** With the model's source prefix, where it has one. */
  readonly texts: readonly string[];
  readonly settings: GenerationSettings;
  /** Sentences decoded together. */
  readonly batchSize: number;
  /** In pieces, end of sentence included; longer texts are cut on the right. */
  readonly maxSourceLength: number;
  /** Hears once, before the first batch, which texts are cut. */
  readonly onTruncated?: (indices: readonly number[]) => void;
}

/**
 * The translation of each text. An empty text is not special: the model gets the end of sentence alone, and what it makes
 * of that is the translation, as with transformers.
 *
 * @throws {ConfigError} when `maxSourceLength` is above the model's positions
 */
export async function translate(options: TranslateOptions): Promise<string[]> {
  const { model, tokenizer, texts, settings, batchSize, maxSourceLength, onTruncated } = options;
  assertSourceLength(maxSourceLength, model);
  const encodings = texts.map((text) => tokenizer.encodeSource(text, { maxLength: maxSourceLength }));
  const truncated = encodings.flatMap(({ isTruncated }, index) => (isTruncated ? [index] : []));
  if (truncated.length > 0) onTruncated?.(truncated);
  const translations: string[] = texts.map(() => '');
  const sources = encodings.map(({ ids }) => ids);
  for await (const batch of generateAll({ model, sources, settings, batchSize })) {
    for (const { index, ids } of batch) translations[index] = tokenizer.decode(ids);
  }
  return translations;
}

function assertSourceLength(maxSourceLength: number, { maxPositions }: Seq2SeqModel): void {
  if (Number.isInteger(maxSourceLength) && maxSourceLength >= 1 && maxSourceLength <= maxPositions) return;
  const message = `${maxSourceLength}; expected a whole number from 1 to the ${maxPositions} positions of the model`;
  throw new ConfigError('Texts of this length do not fit the model.', [{ path: 'data.max_source_length', message }]);
}
