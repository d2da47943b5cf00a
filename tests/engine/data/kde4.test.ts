import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readExperiment } from '../../../src/engine/config/read-experiment.ts';
import { splitCorpus } from '../../../src/engine/data/split-corpus.ts';

// Read where a run of experiments/kde4-en-fr.yaml has left it; nothing is downloaded for a test.
const cache = process.env.BLEUBIRD_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bleubird');
const isThere = existsSync(join(cache, 'opus/KDE4/v2/en-fr.txt.zip'));

describe.skipIf(!isThere)('KDE4 as the Hugging Face course splits it', () => {
  it('has the training rows that the course shows', async () => {
    const { data } = await readExperiment('experiments/kde4-en-fr.yaml');
    const world = { env: { ...process.env, HF_HUB_OFFLINE: '1' } };
    const { corpus, trainPairs, validationPairs } = await splitCorpus(data, world);
    expect([corpus.pairs.length, trainPairs.length, validationPairs.length]).toEqual([210_173, 189_155, 21_018]);
    // https://huggingface.co/learn/llm-course/chapter7/4
    expect(trainPairs[1]).toMatchObject({
      source: 'Default to expanded threads',
      target: 'Par défaut, développer les fils de discussion',
    });
    expect(trainPairs[172]?.source).toBe(
      'Unable to import %1 using the OFX importer plugin. This file is not the correct format.',
    );
  });
});
