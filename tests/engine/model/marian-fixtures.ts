/** The small models of tests/fixtures/model, with their batch and what PyTorch computed. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Batch, Packed } from '../../../src/engine/data/example.ts';
import { packSequences } from '../../../src/engine/data/pack-batch.ts';
import { loadMarian } from '../../../src/engine/model/marian/load-marian.ts';
import type { MarianModel } from '../../../src/engine/model/marian/marian-model.ts';
import { readModelConfig, readWeights } from '../../../src/engine/model/model-directory.ts';
import { ModelGradients } from '../../../src/engine/model/model-gradients.ts';
import { readSafetensors, type WeightTensor } from '../../../src/engine/model/safetensors.ts';
import type { GradientOptions } from '../../../src/engine/model/seq2seq-model.ts';

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

export interface FixtureBatch extends Batch {
  /** Where PyTorch's padded arrays [B, S] and [B, T] have each packed row. */
  readonly sourcePlaces: readonly number[];
  readonly labelPlaces: readonly number[];
  readonly labelSmoothing: number;
  readonly steps: number;
  readonly greedyIds: readonly number[];
}

export function fixtureBatch(name: Fixture): FixtureBatch {
  const file = JSON.parse(readFileSync(path.join(fixtureDirectory(name), 'batch.json'), 'utf8')) as BatchFile;
  const { sourceLength, targetLength, labelSmoothing, steps } = file;
  const source = pack(file.input_ids, sourceLength, (place) => file.attention_mask[place] === 1);
  const labels = pack(file.labels, targetLength, (place) => file.labels[place] !== -100);
  return {
    source: source.packed,
    sourcePlaces: source.places,
    labels: labels.packed,
    labelPlaces: labels.places,
    labelSmoothing,
    steps,
    greedyIds: file.greedy_ids,
  };
}

function pack(
  ids: number[],
  length: number,
  isPiece: (place: number) => boolean,
): { packed: Packed; places: number[] } {
  const places = [...ids.keys()].filter(isPiece);
  const sequences = Array.from({ length: ids.length / length }, (_, row) =>
    places.filter((place) => Math.floor(place / length) === row).map((place) => ids[place] ?? Number.NaN),
  );
  return { packed: packSequences(sequences), places };
}

/** Returns the mean loss and its gradients by parameter name, disposing what it made. */
export function lossAndGradients(
  model: MarianModel,
  batch: Batch,
  options: Partial<GradientOptions> = {},
): { loss: number; gradients: Map<string, Float32Array> } {
  const modelGradients = new ModelGradients(model.parameters);
  const loss = model.addGradients(batch, modelGradients, { weight: 1, ...options });
  const sums = [...modelGradients.sums()];
  const gradients = new Map(sums.map(([name, sum]) => [name, sum.dataSync<'float32'>().slice()]));
  const result = { loss: loss.dataSync()[0] ?? Number.NaN, gradients };
  loss.dispose();
  modelGradients.dispose();
  return result;
}
