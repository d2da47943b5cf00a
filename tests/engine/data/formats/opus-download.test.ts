import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CorpusSpec } from '../../../../src/engine/config/experiment.ts';
import { readCorpus } from '../../../../src/engine/data/read-corpus.ts';
import { type FakeHub, startFakeHub } from '../../../support/fake-hub.ts';
import { zipOf } from '../../../support/zip.ts';
import { dataFailure } from '../data-failure.ts';
import { temporaryFiles } from '../temporary-files.ts';

const languages = { source_lang: 'fr', target_lang: 'en' };
/** Lines that do not pack, so that the archive is worth cutting. */
const codes = Array.from({ length: 5000 }, (_, row) => createHash('sha512').update(`${row}`).digest('base64')).join(
  '\n',
);
const archive = zipOf([
  { name: 'Garden.en-fr.en', content: `Gate\nHedge\n${codes}\n` },
  { name: 'Garden.en-fr.fr', content: `Portail\nHaie\n${codes}\n` },
]);
const opus = (given: { name?: string; version?: string | null; directory?: string | null } = {}): CorpusSpec => ({
  format: 'opus',
  name: 'Garden',
  version: 'v1',
  directory: null,
  ...given,
});

let server: FakeHub;
let files: Awaited<ReturnType<typeof temporaryFiles>>;
beforeAll(async () => {
  server = await startFakeHub();
  server.routes.push(({ path }) => {
    const isThere = path === '/OPUS-Garden/v1/moses/en-fr.txt.zip' || path.startsWith('/OPUS-KDE4/');
    return isThere ? { status: 200, headers: { etag: '"one"' }, body: archive } : null;
  });
});
afterAll(() => server.close());
beforeEach(async () => {
  server.fault = () => null;
  server.requests.length = 0;
  files = await temporaryFiles({});
  return () => files[Symbol.asyncDispose]();
});

function world(more: NodeJS.ProcessEnv = {}) {
  return {
    env: { BLEUBIRD_OPUS_URL: server.endpoint, BLEUBIRD_CACHE: files.path('cache'), HOME: files.path('home'), ...more },
  };
}

describe('an OPUS corpus that is not on the machine', () => {
  it('is downloaded once, with its checksum beside it', async () => {
    const corpus = await readCorpus(opus(), languages, world());
    expect(corpus.pairs.slice(0, 2)).toEqual([
      { source: 'Portail', target: 'Gate', line: 1 },
      { source: 'Haie', target: 'Hedge', line: 2 },
    ]);
    const path = files.path('cache/opus/Garden/v1/en-fr.txt.zip');
    expect(await readFile(path)).toEqual(archive);
    const sha256 = createHash('sha256').update(archive).digest('hex');
    expect(await readFile(`${path}.sha256`, 'utf8')).toBe(`${sha256}  en-fr.txt.zip\n`);
    const requests = server.requests.length;
    const again = await readCorpus(opus(), { source_lang: 'en', target_lang: 'fr' }, world({ HF_HUB_OFFLINE: '1' }));
    expect(again.pairs).toHaveLength(5002);
    expect(server.requests).toHaveLength(requests);
  });

  it('goes to XDG_CACHE_HOME where no cache is named, and tells how far it is', async () => {
    const told: [string, number, number | null][] = [];
    const env = { ...world().env, BLEUBIRD_CACHE: '', XDG_CACHE_HOME: files.path('xdg') };
    await readCorpus(opus(), languages, { env, onProgress: (...progress) => told.push(progress) });
    expect(await readFile(files.path('xdg/bleubird/opus/Garden/v1/en-fr.txt.zip'))).toEqual(archive);
    expect(told.at(-1)).toEqual([
      `${server.endpoint}/OPUS-Garden/v1/moses/en-fr.txt.zip`,
      archive.length,
      archive.length,
    ]);
  });

  it('is gone on with where the connection broke', async () => {
    let answers = 0;
    server.fault = () => (answers++ === 0 ? { type: 'cut', afterBytes: 400_000 } : null);
    const corpus = await readCorpus(opus(), languages, world());
    expect(corpus.pairs).toHaveLength(5002);
    expect(server.requests.map(({ headers }) => headers.range)).toEqual([
      undefined,
      expect.stringMatching(/^bytes=\d+-$/),
    ]);
  });

  it('is read from elsewhere when the folder given lacks it, which is told', async () => {
    const corpus = await readCorpus(opus({ directory: files.directory }), languages, world());
    expect(corpus.pairs).toHaveLength(5002);
    expect(corpus.notes).toEqual([
      `${files.directory} has neither Garden.en-fr.fr and Garden.en-fr.en nor en-fr.txt.zip: read from elsewhere.`,
    ]);
  });

  it('is refused when its cached archive has changed', async () => {
    await readCorpus(opus(), languages, world());
    const path = files.path('cache/opus/Garden/v1/en-fr.txt.zip');
    await writeFile(path, zipOf([{ name: 'Garden.en-fr.en', content: 'Gate' }]));
    const { message, hint } = await dataFailure(readCorpus(opus(), languages, world()));
    expect(message).toMatch(
      /en-fr\.txt\.zip has changed since it was downloaded: its sha256 is [0-9a-f]{64}; expected [0-9a-f]{64}\.$/,
    );
    expect(hint).toBe(`Delete it to download it anew: rm ${path} ${path}.sha256`);
  });

  it('is refused offline, with the address, the place and the field', async () => {
    const { message, hint } = await dataFailure(readCorpus(opus(), languages, world({ HF_HUB_OFFLINE: '1' })));
    expect(message).toBe(
      'The OPUS corpus Garden v1 (en-fr) is not on this machine, and HF_HUB_OFFLINE forbids to download it.',
    );
    expect(hint).toBe(
      `On a machine with a network: curl -LO ${server.endpoint}/OPUS-Garden/v1/moses/en-fr.txt.zip. Put the file here as ` +
        `${files.path('cache/opus/Garden/v1/en-fr.txt.zip')}, or into any folder and name that folder in data.corpus.directory.`,
    );
    expect(server.requests).toEqual([]);
  });

  it('is refused when the server has none, or no server answers', async () => {
    const absent = await dataFailure(readCorpus(opus({ version: 'v9' }), languages, world()));
    expect(absent.message).toMatch(
      /^The OPUS corpus Garden v9 \(en-fr\) is not on this machine, and its download failed: .*404/,
    );
    const gone = await startFakeHub();
    await gone.close();
    const unreached = await dataFailure(readCorpus(opus(), languages, world({ BLEUBIRD_OPUS_URL: gone.endpoint })));
    expect(unreached.message).toMatch(/and its download failed: .* cannot be reached \(ECONNREFUSED\)/);
  });

  it('needs a version, but for KDE4', async () => {
    const { message, hint } = await dataFailure(readCorpus(opus({ version: null }), languages, world()));
    expect(message).toBe('To download the OPUS corpus Garden (en-fr), its version must be known.');
    expect(hint).toMatch(/^Set data\.corpus\.version to one that https:\/\/opus\.nlpl\.eu lists for Garden/);
  });

  it('is refused as KDE4 en-fr when it is not the archive the course was written with', async () => {
    const { message } = await dataFailure(readCorpus(opus({ name: 'KDE4', version: null }), languages, world()));
    expect(message).toMatch(/OPUS-KDE4\/v2\/moses\/en-fr\.txt\.zip has \d+ bytes, expected 7049364/);
  });
});

describe('KDE4 in the cache of the Hugging Face hub', () => {
  const commit = 'c0ffee'.padEnd(40, '0');
  const kde4 = opus({ name: 'KDE4', version: null });

  async function fillCache(dataset: string, name: string, revision = 'main'): Promise<void> {
    const folder = files.path(`hub/datasets--${dataset}`);
    const file = join(folder, 'snapshots', commit, name);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, await readFile('tests/fixtures/parquet/struct-snappy.parquet'));
    await mkdir(join(folder, 'refs', revision, '..'), { recursive: true });
    await writeFile(join(folder, 'refs', revision), commit);
  }

  it.each([
    ['kde4', 'en-fr/train-00000-of-00001.parquet', 'main'],
    ['Helsinki-NLP--kde4', 'en-fr/train/0000.parquet', 'refs/convert/parquet'],
  ])('as %s is read before anything is downloaded', async (dataset, name, revision) => {
    await fillCache(dataset, name, revision);
    const corpus = await readCorpus(kde4, languages, world({ HF_HUB_CACHE: files.path('hub') }));
    const expected = JSON.parse(await readFile('tests/fixtures/parquet/expected.json', 'utf8'))[
      'struct-snappy.parquet'
    ];
    expect(corpus.pairs.map(({ source, target }) => [target, source])).toEqual(expected);
    expect(corpus.notes).toEqual([
      expect.stringMatching(/^KDE4 was read from the cache of the Hugging Face hub: .*\.parquet\.$/),
      'KDE4 v2 en-fr has 210173 pairs; this has 42, so its split is not that of the Hugging Face course.',
    ]);
    expect(server.requests).toEqual([]);
  });

  it('counts only when it is whole and of the languages', async () => {
    await fillCache('kde4', 'en-fr/train-00000-of-00002.parquet');
    await fillCache('Helsinki-NLP--kde4', 'bs-en/train-00000-of-00001.parquet');
    const env = { HF_HUB_CACHE: files.path('hub'), HF_HUB_OFFLINE: '1' };
    const { message } = await dataFailure(readCorpus(kde4, languages, world(env)));
    expect(message).toBe(
      'The OPUS corpus KDE4 v2 (en-fr) is not on this machine, and HF_HUB_OFFLINE forbids to download it.',
    );
    await rm(files.path('hub'), { recursive: true });
  });
});
