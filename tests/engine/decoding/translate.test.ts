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
import { ConfigError } from '../../../src/errors.ts';

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
  it('gives the translations of transformers in the order of the texts', async () => {
    const translations = await translate({
      model,
      tokenizer,
      texts: TEXTS,
      settings,
      batchSize: 2,
      maxSourceLength: 40,
    });
    expect(translations.map((text, index) => (TRANSLATIONS[index] === null ? null : text))).toEqual(TRANSLATIONS);
  });

  it('tells which texts it had to cut', async () => {
    const cut: (readonly number[])[] = [];
    const onTruncated = (indices: readonly number[]): void => void cut.push(indices);
    await translate({ model, tokenizer, texts: TEXTS, settings, batchSize: 5, maxSourceLength: 4, onTruncated });
    expect(cut).toEqual([[1]]);
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
