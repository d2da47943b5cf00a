/** Makes a Marian model of its config.json and weights. */
import * as tf from '@tensorflow/tfjs-core';
import { checkedWeights } from '../checked-weights.ts';
import type { WeightTensor } from '../safetensors.ts';
import { initialWeights } from './initial-weights.ts';
import { parseMarianConfig } from './marian-config.ts';
import { MarianModel } from './marian-model.ts';
import { FINAL_LOGITS_BIAS, IGNORED_WEIGHTS, parameterShapes, tableNames } from './marian-weights.ts';

/**
 * Returns the model; the caller disposes it.
 *
 * @param file     config.json as read
 * @param weights  by Hugging Face's names; may also hold tied tables again, and position tables, which are not used
 * @throws {ModelError} when a field is not supported, or weights are missing, left over or misshaped
 */
export function loadMarian(
  file: Readonly<Record<string, unknown>>,
  weights: ReadonlyMap<string, WeightTensor>,
  { dropout = null }: { readonly dropout?: number | null } = {},
): MarianModel {
  const config = parseMarianConfig(file);
  const named = underOwnNames(weights, tableNames(config));
  if (!named.has(FINAL_LOGITS_BIAS)) {
    // transformers leaves it zero likewise
    named.set(FINAL_LOGITS_BIAS, {
      shape: [1, config.decoderVocabSize],
      data: new Float32Array(config.decoderVocabSize),
    });
  }
  const shapes = parameterShapes(config);
  const checked = checkedWeights(named, new Map(shapes).set(FINAL_LOGITS_BIAS, [1, config.decoderVocabSize]));
  const parameters = new Map<string, tf.Variable>();
  for (const [name, shape] of shapes) parameters.set(name, variable(checked.get(name), shape));
  const finalLogitsBias = tf.tensor1d(checked.get(FINAL_LOGITS_BIAS)?.data ?? [], 'float32');
  return new MarianModel({
    file,
    config: { ...config, dropout: dropout ?? config.dropout },
    parameters,
    finalLogitsBias,
  });
}

/** Returns the weights of an untrained model. @throws {ModelError} when a field is not supported */
export function initializeMarian(
  file: Readonly<Record<string, unknown>>,
  seed: number,
): ReadonlyMap<string, WeightTensor> {
  return initialWeights(parseMarianConfig(file), seed);
}

/** Returns the weights without what is not used, each tied table once under its own name, whichever names it came by. */
function underOwnNames(
  weights: ReadonlyMap<string, WeightTensor>,
  tables: readonly string[][],
): Map<string, WeightTensor> {
  const named = new Map([...weights].filter(([name]) => !IGNORED_WEIGHTS.includes(name)));
  for (const [ownName = '', ...tiedNames] of tables) {
    for (const tiedName of tiedNames) {
      const tied = named.get(tiedName);
      named.delete(tiedName);
      if (tied !== undefined && !named.has(ownName)) named.set(ownName, tied);
    }
  }
  return named;
}

function variable(weight: WeightTensor | undefined, shape: number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(weight?.data ?? [], shape, 'float32')));
}
