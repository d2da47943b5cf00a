/** Loads a model directory of Hugging Face's layout by the family its config.json names. */
import { ModelError } from '../../errors.ts';
import { jsonExcerpt } from '../files/json-excerpt.ts';
import { initializeMarian, loadMarian } from './marian/load-marian.ts';
import { readModelConfig, readWeights } from './model-directory.ts';
import type { WeightTensor } from './safetensors.ts';
import type { Seq2SeqModel } from './seq2seq-model.ts';

export interface LoadOptions {
  /** Replaces config.json's `dropout`; null or absent keeps it. */
  readonly dropout?: number | null;
  /** Draws new random weights from this seed in place of the directory's own, which it need not have. */
  readonly initSeed?: number;
}

export interface LoadedModel extends Seq2SeqModel {
  /** What a model file holds, by Hugging Face's names: parameters and untrained buffers. */
  exportWeights(): Promise<Map<string, WeightTensor>>;
}

/** A family of models: the `model_type` of its config.json, and how one is made of that file and its weights. */
interface ModelFamily {
  readonly modelType: string;
  /** Returns random weights. @throws {ModelError} when a field of config.json is not supported */
  initialize(config: Readonly<Record<string, unknown>>, seed: number): ReadonlyMap<string, WeightTensor>;
  load(
    config: Readonly<Record<string, unknown>>,
    weights: ReadonlyMap<string, WeightTensor>,
    options: LoadOptions,
  ): LoadedModel;
}

const FAMILIES: readonly ModelFamily[] = [{ modelType: 'marian', initialize: initializeMarian, load: loadMarian }];

/**
 * Returns the model in a directory, on the open backend; the caller disposes it.
 *
 * @throws {ModelError} when a file is missing or damaged, the family or a field of config.json is not supported, or
 *   weights are missing, left over or misshaped (all are listed)
 */
export async function loadModel(directory: string, options: LoadOptions = {}): Promise<LoadedModel> {
  const config = await readModelConfig(directory);
  const family = FAMILIES.find(({ modelType }) => modelType === config.model_type);
  if (family === undefined) {
    const known = FAMILIES.map(({ modelType }) => modelType).join(', ');
    throw new ModelError(
      `${directory}: model_type ${jsonExcerpt(config.model_type ?? null)} is not supported, expected one of: ${known}.`,
      { hint: 'Use a Marian model, such as Helsinki-NLP/opus-mt-en-fr.' },
    );
  }
  const { initSeed } = options;
  const weights = initSeed === undefined ? await readWeights(directory) : null;
  try {
    return family.load(config, weights ?? family.initialize(config, initSeed ?? 0), options);
  } catch (cause) {
    // A family knows the file's contents, not where it lies.
    if (!(cause instanceof ModelError)) throw cause;
    throw new ModelError(`${directory}: ${cause.message}`, { cause, ...(cause.hint && { hint: cause.hint }) });
  }
}
