import * as tf from '@tensorflow/tfjs-core';
import { ModelError } from '../../errors.ts';
import { readWeights } from '../model/model-directory.ts';
import type { Seq2SeqModel } from '../model/seq2seq-model.ts';

/**
 * Gives a model the parameters of a checkpoint of its own training, to the last bit.
 * @throws {ModelError} when they cannot be read, or one is missing or misshaped
 */
export async function restoreWeights(model: Pick<Seq2SeqModel, 'parameters'>, checkpoint: string): Promise<void> {
  const weights = await readWeights(checkpoint);
  for (const [name, parameter] of model.parameters) {
    const weight = weights.get(name);
    if (weight === undefined || weight.shape.join() !== parameter.shape.join()) {
      const found = weight === undefined ? 'is missing' : `has shape [${weight.shape}]`;
      throw new ModelError(`${checkpoint}: ${name} ${found}; expected shape [${parameter.shape}].`);
    }
    tf.tidy(() => parameter.assign(tf.tensor(weight.data, parameter.shape, 'float32')));
  }
}
