/** The small models of tests/fixtures/model, with their batch and what PyTorch computed. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../../../src/engine/data/example.ts';
import { loadMarian } from '../../../src/engine/model/marian/load-marian.ts';
import type { MarianModel } from '../../../src/engine/model/marian/marian-model.ts';
import { readModelConfig, readWeights } from '../../../src/engine/model/model-directory.ts';
import { readSafetensors, type WeightTensor } from '../../../src/engine/model/safetensors.ts';

export const FIXTURES = ['tied', 'untied', 'half-tied'] as const;
export type Fixture = (typeof FIXTURES)[number];

interface BatchFile {
  readonly batchSize: number;
  readonly sourceLength: number;
  readonly targetLength: number;
  readonly steps: number;
  readonly labelSmoothing: number;
  readonly input_ids: number[];
  readonly attention_mask: number[];
  readonly labels: number[];
  readonly greedy_ids: number[];
}

export function fixtureDirectory(name: Fixture): string {
  return fileURLToPath(new URL(`../../fixtures/model/${name}`, import.meta.url));
}

/** Returns the model; the caller disposes it. */
export async function loadFixture(name: Fixture, options?: { dropout: number }): Promise<MarianModel> {
  const directory = fixtureDirectory(name);
  return loadMarian(await readModelConfig(directory), await readWeights(directory), options);
}

export async function expectedTensors(name: Fixture): Promise<(tensor: string) => WeightTensor> {
  const file = await readSafetensors(path.join(fixtureDirectory(name), 'expected.safetensors'));
  return (tensor) => {
    const found = file.tensors.get(tensor);
    if (found === undefined) throw new RangeError(`${name} has no expected ${tensor}`);
    return found;
  };
}

export function fixtureBatch(name: Fixture): Batch & { labelSmoothing: number; steps: number; greedyIds: number[] } {
  const file = JSON.parse(readFileSync(path.join(fixtureDirectory(name), 'batch.json'), 'utf8')) as BatchFile;
  const { batchSize, sourceLength, targetLength, labelSmoothing, steps } = file;
  return {
    batchSize,
    sourceLength,
    targetLength,
    labelSmoothing,
    steps,
    inputIds: Int32Array.from(file.input_ids),
    attentionMask: Int32Array.from(file.attention_mask),
    labels: Int32Array.from(file.labels),
    targetTokens: file.labels.filter((label) => label !== -100).length,
    greedyIds: file.greedy_ids,
  };
}

/** Returns loss and gradients by parameter name, disposing what it made. */
export function lossAndGradients(
  model: MarianModel,
  loss: () => tf.Scalar,
): { loss: number; gradients: Map<string, Float32Array> } {
  const { value, grads } = tf.variableGrads(loss, [...model.parameters.values()]);
  const gradients = new Map<string, Float32Array>();
  for (const [name, { name: variable }] of model.parameters) {
    const gradient = grads[variable];
    if (gradient !== undefined) gradients.set(name, gradient.dataSync<'float32'>().slice());
  }
  const result = { loss: value.dataSync()[0] ?? Number.NaN, gradients };
  tf.dispose([value, grads]);
  return result;
}
