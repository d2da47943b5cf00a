import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import { resolveGenerationSettings } from '../../../src/engine/decoding/generation-settings.ts';
import { translate } from '../../../src/engine/decoding/translate.ts';
import { loadModel } from '../../../src/engine/model/load-model.ts';
import { readGenerationConfig } from '../../../src/engine/model/model-directory.ts';
import { MarianTokenizer } from '../../../src/engine/text/marian-tokenizer.ts';
import { countBlocks, isAddonBuilt, openNativeForTests } from './native-support.ts';

const DEMO = fileURLToPath(new URL('../../../experiments/models/demo-en-fr', import.meta.url));
const TEXTS = [
  'Cancel',
  'Are you sure you want to delete the selected files?',
  '',
  'Show hidden files',
  'The connection to the server was lost while the list of files was being read.',
];

async function translations(beams: number): Promise<string[]> {
  const [model, tokenizer] = [await loadModel(DEMO), await MarianTokenizer.load(DEMO)];
  const overrides = {
    num_beams: beams,
    max_length: 40,
    length_penalty: null,
    early_stopping: null,
    compatibility: 'transformers-4',
  } as const;
  const settings = resolveGenerationSettings(await readGenerationConfig(DEMO), overrides, model);
  const texts = await translate({ model, tokenizer, texts: TEXTS, settings, batchSize: 3, maxSourceLength: 40 });
  model.dispose();
  return texts;
}

describe.skipIf(!isAddonBuilt)('decoding on the native backend', () => {
  it.each([1, 4])('gives the translations of wasm with %i beams, and keeps no block', async (beams) => {
    await openBackend('wasm');
    const expected = await translations(beams);
    const addon = await openNativeForTests({ threads: 2 });
    const before = countBlocks(addon);
    expect(await translations(beams)).toEqual(expected);
    expect(countBlocks(addon)).toBe(before);
  });
});
