import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CorpusSpec } from '../../../../src/engine/config/experiment.ts';
import { readCorpus } from '../../../../src/engine/data/read-corpus.ts';
import { addRepository, type FakeHub, startFakeHub } from '../../../support/fake-hub.ts';
import { dataFailure } from '../data-failure.ts';
import { temporaryFiles } from '../temporary-files.ts';

const languages = { source_lang: 'en', target_lang: 'fr' };
const hubSpec = (
  id: string,
  given: { [key in 'config' | 'source_field' | 'target_field']?: string } & { split?: string } = {},
): CorpusSpec => ({
  format: 'hub',
  id,
  revision: 'main',
  config: null,
  split: 'train',
  source_field: null,
  target_field: null,
  ...given,
});
const line = (en: string, fr: string): string => `${JSON.stringify({ translation: { en, fr } })}\n`;

let hub: FakeHub;
let files: Awaited<ReturnType<typeof temporaryFiles>>;
beforeAll(async () => {
  hub = await startFakeHub();
  const add = (id: string, contents: Record<string, string | Uint8Array>): void => {
    const entries = Object.entries(contents).map(
      ([name, content]) => [name, { bytes: Buffer.from(content), isLarge: name.endsWith('.parquet') }] as const,
    );
    addRepository(hub, { id, type: 'dataset', files: new Map(entries) });
  };
  const parquet = await readFile('tests/fixtures/parquet/struct-v2.parquet');
  add('org/kde4', {
    '.gitattributes': '',
    'README.md': '# KDE4',
    'en-fr/train-00000-of-00001.parquet': parquet,
    'de-en/train-00000-of-00001.parquet': 'never read',
  });
  add('org/shards', {
    'train-00001-of-00002.jsonl.gz': gzipSync(line('b', '2')),
    'train-00000-of-00002.jsonl.gz': gzipSync(line('a', '1')),
    'test.jsonl': line('t', 'x'),
  });
  add('org/configs', {
    'README.md': '---\nconfigs:\n- config_name: small\n  data_files:\n  - split: train\n    path: "x/*.csv"\n---\n',
    'x/a.csv': 'fr,en\n"Ouvrir, vite",Open\n',
    'y/b.csv': 'never read',
  });
  add('org/script', { 'README.md': '# Made', 'script.py': 'print(1)' });
});
afterAll(() => hub.close());
beforeEach(async () => {
  hub.fault = () => null;
  hub.requests.length = 0;
  files = await temporaryFiles({});
  return () => files[Symbol.asyncDispose]();
});

const world = (more: NodeJS.ProcessEnv = {}) => ({
  env: { HF_ENDPOINT: hub.endpoint, HF_HOME: files.path('hf'), HOME: files.path('home'), ...more },
});
const texts = (corpus: { pairs: readonly { source: string; target: string }[] }): string[][] =>
  corpus.pairs.map(({ source, target }) => [source, target]);
const fetched = (): string[] =>
  hub.requests
    .filter(({ server, path }) => server === 'hub' && path.includes('/resolve/'))
    .map(({ path }) => path.split('/').slice(6).join('/'));

describe('a dataset of the hub', () => {
  it('is read in parquet, the folder of the languages only, and from the cache after', async () => {
    const corpus = await readCorpus(hubSpec('org/kde4'), languages, world());
    const expected = JSON.parse(await readFile('tests/fixtures/parquet/expected.json', 'utf8'))['struct-v2.parquet'];
    expect(texts(corpus)).toEqual(expected);
    expect(corpus.name).toBe('org/kde4 en-fr train');
    expect(fetched()).toEqual(['README.md', 'en-fr/train-00000-of-00001.parquet']);
    hub.requests.length = 0;
    const again = await readCorpus(hubSpec('org/kde4'), languages, world({ HF_HUB_OFFLINE: '1' }));
    expect(again.sha256).toBe(corpus.sha256);
    expect(hub.requests).toEqual([]);
  });

  it('is read in packed JSONL, shard after shard, without a README', async () => {
    const corpus = await readCorpus(hubSpec('org/shards'), languages, world());
    expect(texts(corpus)).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(corpus.name).toBe('org/shards train');
    const test = await readCorpus(hubSpec('org/shards', { split: 'test' }), languages, world());
    expect(texts(test)).toEqual([['t', 'x']]);
  });

  it('is read in CSV by the names of its header, the files being those README.md names', async () => {
    const spec = hubSpec('org/configs', { source_field: 'en', target_field: 'fr' });
    const corpus = await readCorpus(spec, languages, world());
    expect(texts(corpus)).toEqual([['Open', 'Ouvrir, vite']]);
    expect(fetched()).toEqual(['README.md', 'x/a.csv']);
    const { message, hint } = await dataFailure(readCorpus(hubSpec('org/configs'), languages, world()));
    expect(message).toBe('The dataset org/configs comes as CSV, whose columns have to be named.');
    expect(hint).toBe('Set data.corpus.source_field and data.corpus.target_field to names of the header.');
  });

  it('is refused when a script makes it, or it has no such split or configuration', async () => {
    const script = await dataFailure(readCorpus(hubSpec('org/script'), languages, world()));
    expect(script.message).toMatch(/^The dataset org\/script is made by a Python script, script\.py, which is not run/);
    const split = await dataFailure(readCorpus(hubSpec('org/shards', { split: 'dev' }), languages, world()));
    expect(split.message).toBe('The dataset org/shards has no split "dev"; it has train, test.');
    const config = await dataFailure(readCorpus(hubSpec('org/kde4', { config: 'en-it' }), languages, world()));
    expect(config.message).toBe('The dataset org/kde4 has no configuration "en-it"; it has de-en, en-fr.');
  });

  it('is refused when it is not in the cache and may not be fetched', async () => {
    const { message } = await dataFailure(readCorpus(hubSpec('org/kde4'), languages, world({ HF_HUB_OFFLINE: '1' })));
    expect(message).toMatch(/^The dataset org\/kde4 is not in the cache .*, and HF_HUB_OFFLINE forbids to fetch it\.$/);
  });
});
