/** Every form weights come in, compared with what transformers computes with the very same files: tests/fixtures/weight-files. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import { packSequences } from '../../../src/engine/data/pack-batch.ts';
import { loadMarian } from '../../../src/engine/model/marian/load-marian.ts';
import type { MarianModel } from '../../../src/engine/model/marian/marian-model.ts';
import {
  readModelConfig,
  readModelFiles,
  readWeights,
  saveModelDirectory,
} from '../../../src/engine/model/model-directory.ts';
import { readSafetensors } from '../../../src/engine/model/safetensors.ts';
import { isAddonBuilt } from '../native/native-support.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/weight-files', import.meta.url));
const FORMS = [
  'safetensors-f32',
  'safetensors-f16-sharded',
  'safetensors-bf16-sharded',
  'bin-f32',
  'bin-f16-sharded',
  'bin-legacy',
];

const { sources, targets } = JSON.parse(readFileSync(path.join(FIXTURES, 'batch.json'), 'utf8')) as {
  sources: number[][];
  targets: number[][];
};
const batch = { source: packSequences(sources), labels: packSequences(targets) };
const devices = isAddonBuilt ? (['wasm', 'native'] as const) : (['wasm'] as const);

describe.each(devices)('a model with three tables on %s', (device) => {
  beforeAll(async () => {
    await openBackend(device, { precision: 'f32', threads: 1 });
  });

  it.each(FORMS)('gives the logits of transformers to 1e-4 when read from %s', async (form) => {
    const model = await load(path.join(FIXTURES, form));
    expect(greatestDifference(logitsOf(model), await expectedLogits(form))).toBeLessThan(1e-4);
    model.dispose();
  });

  it.each(FORMS)('gives the very same logits once it is saved, read from %s', async (form) => {
    const modelDirectory = path.join(FIXTURES, form);
    const model = await load(modelDirectory);
    const destination = mkdtempSync(path.join(tmpdir(), 'bleubird-weights-'));
    await saveModelDirectory({
      weights: await model.exportWeights(),
      files: await readModelFiles(modelDirectory),
      destination,
    });
    const saved = await load(destination);
    expect(logitsOf(saved)).toEqual(logitsOf(model));
    model.dispose();
    saved.dispose();
    rmSync(destination, { recursive: true });
  });
});

it('rounded weights give other logits, so that each form is told from the others', async () => {
  const [whole, half, brain] = await Promise.all(FORMS.slice(0, 3).map(expectedLogits));
  expect(greatestDifference(half, whole)).toBeGreaterThan(1e-4);
  expect(greatestDifference(brain, half)).toBeGreaterThan(1e-3);
});

async function load(directory: string): Promise<MarianModel> {
  return loadMarian(await readModelConfig(directory), await readWeights(directory));
}

async function expectedLogits(form: string): Promise<ArrayLike<number>> {
  const { tensors } = await readSafetensors(path.join(FIXTURES, 'expected.safetensors'));
  return tensors.get(form)?.data ?? [];
}

/** [rows of the labels, V] */
function logitsOf(model: MarianModel): Float32Array {
  const logits = model.logits(batch);
  const numbers = logits.dataSync<'float32'>().slice();
  logits.dispose();
  return numbers;
}

function greatestDifference(a: ArrayLike<number> = [], b: ArrayLike<number> = []): number {
  expect(a.length).toBe(b.length);
  expect(a.length).toBeGreaterThan(0);
  return Array.from(a).reduce((worst, x, index) => Math.max(worst, Math.abs(x - (b[index] ?? Number.NaN))), 0);
}
