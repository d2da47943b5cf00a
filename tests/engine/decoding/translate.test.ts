import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import {
  type GenerationSettings,
  resolveGenerationSettings,
} from '../../../src/engine/decoding/generation-settings.ts';
import { translate } from '../../../src/engine/decoding/translate.ts';
import { type LoadedModel, loadModel } from '../../../src/engine/model/load-model.ts';
import { readGenerationConfig } from '../../../src/engine/model/model-directory.ts';
import { MarianTokenizer } from '../../../src/engine/text/marian-tokenizer.ts';
import { CancelledError, ConfigError } from '../../../src/errors.ts';

const DEMO = fileURLToPath(new URL('../../../experiments/models/demo-en-fr', import.meta.url));
const TEXTS = ['Cancel', 'Are you sure you want to delete the selected files?', '', 'Show hidden files', 'Open file'];
const TRANSLATIONS = [
  'Annuler',
  'Voulez-vous vraiment supprimer les fichiers sélectionnés ?',
  null, // whatever the model says to nothing
  'Afficher les fichiers cachés',
  'Ouvrir un fichier',
];

let model: LoadedModel;
let tokenizer: MarianTokenizer;
let settings: GenerationSettings;

beforeAll(async () => {
  await openBackend('wasm');
  model = await loadModel(DEMO);
  tokenizer = await MarianTokenizer.load(DEMO);
  const overrides = {
    num_beams: 1,
    max_length: 40,
    length_penalty: null,
    early_stopping: null,
    compatibility: 'transformers-4',
  } as const;
  settings = resolveGenerationSettings(await readGenerationConfig(DEMO), overrides, model);
});

afterAll(() => model.dispose());

describe('translate', () => {
  it('gives the translations of transformers in the order of the texts, and tells of each batch', async () => {
    const heard: { done: number; total: number; indices: number[] }[] = [];
    const translations = await translate({
      model,
      tokenizer,
      texts: TEXTS,
      settings,
      batchSize: 2,
      maxSourceLength: 40,
      onBatch: ({ done, total, items }) => heard.push({ done, total, indices: items.map(({ index }) => index) }),
    });
    expect(translations.map((text, index) => (TRANSLATIONS[index] === null ? null : text))).toEqual(TRANSLATIONS);
    // The longest go first.
    expect(heard.map(({ done, total }) => [done, total])).toEqual([
      [2, 5],
      [4, 5],
      [5, 5],
    ]);
    expect(heard.flatMap(({ indices }) => indices).toSorted()).toEqual([0, 1, 2, 3, 4]);
    expect(heard[0]?.indices[0]).toBe(1);
    expect(heard[2]?.indices).toEqual([2]);
  });

  it('tells which texts it had to cut', async () => {
    const cut: (readonly number[])[] = [];
    const onTruncated = (indices: readonly number[]): void => void cut.push(indices);
    await translate({ model, tokenizer, texts: TEXTS, settings, batchSize: 5, maxSourceLength: 4, onTruncated });
    expect(cut).toEqual([[1]]);
  });

  it('ends with a CancelledError once its signal is aborted, and hears the abort between batches', async () => {
    const controller = new AbortController();
    let batches = 0;
    const onBatch = (): void => {
      batches += 1;
      setTimeout(() => controller.abort(), 0);
    };
    const { signal } = controller;
    const options = { model, tokenizer, texts: TEXTS, settings, batchSize: 1, maxSourceLength: 40, onBatch, signal };
    await expect(translate(options)).rejects.toThrow(CancelledError);
    expect(batches).toBeLessThan(TEXTS.length);
  });

  it('refuses source lengths that the model has no positions for', async () => {
    const refused = translate({ model, tokenizer, texts: TEXTS, settings, batchSize: 1, maxSourceLength: 513 });
    const error = await refused.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toBe(
      'Texts of this length do not fit the model.\n' +
        '  data.max_source_length: 513; expected a whole number from 1 to the 512 positions of the model',
    );
  });

  it('refuses batches of no size', async () => {
    const refused = translate({ model, tokenizer, texts: TEXTS, settings, batchSize: 0, maxSourceLength: 40 });
    await expect(refused).rejects.toThrow(RangeError);
  });
});

it('the texts here are those of the fixtures', () => {
  const sources = readFileSync(new URL('../../fixtures/decoding/sources.txt', import.meta.url), 'utf8').split('\n');
  for (const text of TEXTS) expect(text === '' || sources.includes(text)).toBe(true);
});
