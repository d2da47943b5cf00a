/** Whole repositories, from a hub on this machine into a cache laid out as huggingface_hub's. */
import { fork } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lookUpRepository, type SnapshotOptions, snapshot } from '../../../src/engine/hub/hub-files.ts';
import { isWholeModel, modelFilesOf } from '../../../src/engine/hub/model-files.ts';
import { DataError, ModelError } from '../../../src/errors.ts';
import {
  addRepository,
  contentName,
  type FakeFile,
  type FakeHub,
  type FakeRepository,
  startFakeHub,
} from '../../support/fake-hub.ts';

let hub: FakeHub;
let home: string;
let model: FakeRepository;

const small = (text: string): FakeFile => ({ bytes: Buffer.from(text), isLarge: false });
const large = (size: number, seed = 7): FakeFile => ({
  bytes: Buffer.from(Array.from({ length: size }, (_, i) => (i * seed + (i >> 8)) & 255)),
  isLarge: true,
});

beforeEach(async () => {
  hub = await startFakeHub();
  home = mkdtempSync(join(tmpdir(), 'bleubird-hub-'));
  model = addRepository(hub, {
    id: 'Org/opus-mt-en-fr',
    files: new Map([
      ['.gitattributes', small('*.bin filter=lfs')],
      ['README.md', small('# A model')],
      ['config.json', small('{"model_type": "marian"}')],
      ['vocab.json', small('{"</s>": 0}')],
      ['source.spm', large(700)],
      ['target.spm', large(700)],
      ['model.safetensors', large(400_000)],
      ['pytorch_model.bin', large(400_000, 11)],
      ['tf_model.h5', large(1_000, 13)],
    ]),
  });
});

afterEach(async () => {
  await hub.close();
  rmSync(home, { recursive: true, force: true });
});

function options(changes: Partial<SnapshotOptions> = {}): SnapshotOptions {
  const env = { HF_HOME: home, HF_ENDPOINT: hub.endpoint };
  return { id: model.id, type: 'model', revision: 'main', files: modelFilesOf, env, ...changes };
}

const commit = () => model.refs.main ?? '';
const repositoryFolder = () => join(home, 'hub', 'models--Org--opus-mt-en-fr');

async function failure(work: Promise<unknown>): Promise<ModelError> {
  return await work.then(
    (path) => expect.unreachable(String(path)),
    (error: unknown) => error as ModelError,
  );
}

describe('a model', () => {
  it('lies in the cache as huggingface_hub lays it out, without what it does not need', async () => {
    const directory = await snapshot(options());
    expect(directory).toBe(join(repositoryFolder(), 'snapshots', commit()));
    const wanted = ['config.json', 'model.safetensors', 'source.spm', 'target.spm', 'vocab.json'];
    expect(readdirSync(directory).sort()).toEqual(wanted);
    for (const name of wanted) {
      const file = model.files.get(name) as FakeFile;
      expect(readFileSync(join(directory, name)).equals(file.bytes)).toBe(true);
      expect(readlinkSync(join(directory, name))).toBe(`../../blobs/${contentName(file)}`);
      expect(lstatSync(join(repositoryFolder(), 'blobs', contentName(file))).isFile()).toBe(true);
    }
    expect(readFileSync(join(repositoryFolder(), 'refs', 'main'), 'utf8')).toBe(commit());
    // Both .spm files have one content: four blobs, and no partial file or lock is left.
    expect(readdirSync(join(repositoryFolder(), 'blobs'))).toHaveLength(4);
    expect(readdirSync(join(home, 'hub', '.locks', 'models--Org--opus-mt-en-fr'))).toEqual([]);
    expect(readFileSync(join(home, 'hub', 'CACHEDIR.TAG'), 'utf8')).toMatch(
      /^Signature: 8a477f597d28d172789f06886806bc55/,
    );
  });

  it('is not fetched a second time, nor a file that another version shares', async () => {
    await snapshot(options());
    hub.requests.length = 0;
    await snapshot(options());
    expect(hub.requests.map(({ path }) => path)).toEqual(['/api/models/Org/opus-mt-en-fr/revision/main']);
    model.refs.main = 'b'.repeat(40);
    model.files.set('config.json', small('{"model_type": "marian", "d_model": 2}'));
    hub.requests.length = 0;
    const directory = await snapshot(options());
    expect(directory).toBe(join(repositoryFolder(), 'snapshots', 'b'.repeat(40)));
    expect(hub.requests.slice(1).map(({ path }) => path)).toEqual([
      `/Org/opus-mt-en-fr/resolve/${'b'.repeat(40)}/config.json`,
    ]);
    expect(readFileSync(join(directory, 'config.json'), 'utf8')).toContain('d_model');
    expect(readdirSync(join(repositoryFolder(), 'snapshots'))).toHaveLength(2);
  });

  it('of a revision is that of the branch, tag or commit, with a slash in it too', async () => {
    model.refs['refs/pr/1'] = 'c'.repeat(40);
    const directory = await snapshot(options({ revision: 'refs/pr/1' }));
    expect(directory).toBe(join(repositoryFolder(), 'snapshots', 'c'.repeat(40)));
    expect(readFileSync(join(repositoryFolder(), 'refs', 'refs', 'pr', '1'), 'utf8')).toBe('c'.repeat(40));
    expect(await snapshot(options({ revision: commit() }))).toBe(join(repositoryFolder(), 'snapshots', commit()));
  });

  it('is fetched by HEAD and GET where the list does not say sizes and contents', async () => {
    model.tellsContents = false;
    const directory = await snapshot(options());
    const file = model.files.get('model.safetensors') as FakeFile;
    expect(readlinkSync(join(directory, 'model.safetensors'))).toBe(`../../blobs/${contentName(file)}`);
    expect(hub.requests.filter(({ method }) => method === 'HEAD')).toHaveLength(5);
    expect(hub.requests.filter(({ method, server }) => method === 'HEAD' && server === 'storage')).toEqual([]);
  });

  it('tells its progress to the last byte', async () => {
    const told: [number, number | null][] = [];
    await snapshot(options({ onProgress: (...of) => told.push(of) }));
    const sizes = ['config.json', 'vocab.json', 'source.spm', 'model.safetensors'].map(
      (name) => model.files.get(name)?.bytes.length ?? 0,
    );
    const total = sizes.reduce((a, b) => a + b);
    expect(told.at(-1)).toEqual([total, total]);
  });

  it('that Python has cached is used, and only completed', async () => {
    await snapshot(options());
    const directory = join(repositoryFolder(), 'snapshots', commit());
    rmSync(join(directory, 'vocab.json'));
    hub.requests.length = 0;
    expect(await snapshot(options())).toBe(directory);
    // The content is still there: only its name was missing.
    expect(hub.requests).toHaveLength(1);
    expect(readFileSync(join(directory, 'vocab.json'), 'utf8')).toBe('{"</s>": 0}');
  });

  it('is fetched once by two processes at once', async () => {
    hub.fault = ({ server }) => (server === 'storage' ? { type: 'slow', chunkBytes: 100_000, pauseMs: 30 } : null);
    const processes = [1, 2].map(() => fetchInChild());
    const results = await Promise.all(processes.map(({ finished }) => finished));
    const directory = join(repositoryFolder(), 'snapshots', commit());
    expect(results).toEqual([directory, directory]);
    const weights = `/${contentName(model.files.get('model.safetensors') as FakeFile)}`;
    expect(hub.requests.filter(({ path }) => path === weights)).toHaveLength(1);
    expect(
      readFileSync(join(directory, 'model.safetensors')).equals(
        (model.files.get('model.safetensors') as FakeFile).bytes,
      ),
    ).toBe(true);
  });

  it('whose download was killed is continued by the next process', async () => {
    hub.fault = ({ server }) => (server === 'storage' ? { type: 'slow', chunkBytes: 50_000, pauseMs: 100 } : null);
    const { child, finished } = fetchInChild();
    const weights = contentName(model.files.get('model.safetensors') as FakeFile);
    const incomplete = join(repositoryFolder(), 'blobs', `${weights}.incomplete`);
    while (!existsSync(incomplete) || lstatSync(incomplete).size < 100_000) await sleep(10);
    child.kill('SIGKILL');
    await finished;
    expect(existsSync(join(repositoryFolder(), 'snapshots'))).toBe(false);
    hub.fault = () => null;
    hub.requests.length = 0;
    await snapshot(options());
    const range = hub.requests.find(({ path }) => path === `/${weights}`)?.headers.range;
    expect(Number(/bytes=(\d+)-/.exec(range ?? '')?.[1])).toBeGreaterThanOrEqual(100_000);
    expect(existsSync(incomplete)).toBe(false);
  });

  function fetchInChild() {
    const path = fileURLToPath(new URL('fetch-snapshot.ts', import.meta.url));
    const { HF_HOME = '', HF_ENDPOINT = '' } = options().env;
    const child = fork(path, [model.id], { execArgv: [], env: { PATH: process.env.PATH, HF_HOME, HF_ENDPOINT } });
    let result: unknown = null;
    child.once('message', (message) => {
      result = message;
    });
    return { child, finished: new Promise((resolve) => child.once('exit', () => resolve(result))) };
  }
});

describe('the token', () => {
  it('is shown to the hub alone, never to the storage it redirects to', async () => {
    model.access = 'private';
    await snapshot(options({ env: { ...options().env, HF_TOKEN: hub.token } }));
    const storage = hub.requests.filter(({ server }) => server === 'storage');
    expect(storage.length).toBeGreaterThan(0);
    expect(storage.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    const asked = hub.requests.filter(({ server }) => server === 'hub');
    expect(asked.filter(({ headers }) => headers.authorization !== `Bearer ${hub.token}`)).toEqual([]);
  });

  it('is in no error, no file of the cache', async () => {
    const env = { ...options().env, HF_TOKEN: hub.token };
    await snapshot(options({ env }));
    hub.fault = () => ({ type: 'status', status: 403 });
    const error = await failure(snapshot(options({ env, id: 'Org/other' })));
    expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain(hub.token);
    for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) expect(readFileSync(path).includes(hub.token)).toBe(false);
    }
  });
});

describe('a refusal says what helps', () => {
  it('for a name that is not there: the one probably meant', async () => {
    const error = await failure(snapshot(options({ id: 'Org/opus-mt-en-fx' })));
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message).toBe(`The model Org/opus-mt-en-fx is not at ${hub.endpoint}, or it is private (401).`);
    expect(error.hint).toBe('Check the name; if it is private, set HF_TOKEN, or log in with "hf auth login".');
    const short = await failure(snapshot(options({ id: 'opus-mt-en-fr' })));
    expect(short.hint).toMatch(/^Did you mean Org\/opus-mt-en-fr\? Otherwise, if it is private/);
  });

  it('for a name that is not there, to one who has a token', async () => {
    const env = { ...options().env, HF_TOKEN: hub.token };
    const error = await failure(snapshot(options({ id: 'Org/secret', env, type: 'dataset' })));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe(`The dataset Org/secret is not at ${hub.endpoint}, or it is private (404).`);
    expect(error.hint).toBe('Check the name; if it is private, the token given may not read it.');
  });

  it('for a revision that is not there', async () => {
    model.refs['v1.0'] = 'd'.repeat(40);
    const error = await failure(snapshot(options({ revision: 'v1.1' })));
    expect(error.message).toBe('The model Org/opus-mt-en-fr has no revision "v1.1".');
    expect(error.hint).toMatch(/^Did you mean Org\/opus-mt-en-fr@v1\.0\? http.+\/Org\/opus-mt-en-fr\/tree\/main lists/);
  });

  it('for a gated model', async () => {
    model.access = 'gated';
    const error = await failure(snapshot(options()));
    expect(error.message).toBe(
      'The model Org/opus-mt-en-fr is gated: its authors let in only who has accepted their terms.',
    );
    expect(error.hint).toBe(
      `Accept them at ${hub.endpoint}/Org/opus-mt-en-fr, then set HF_TOKEN, or log in with "hf auth login".`,
    );
  });

  it('for a gated model, to one whose token is malformed', async () => {
    model.access = 'gated';
    const error = await failure(snapshot(options({ env: { ...options().env, HF_TOKEN: 'hf_secret words' } })));
    expect(error.hint).toMatch(
      /then set HF_TOKEN, or log in .+: what stands in HF_TOKEN is malformed: there is a space in it\.$/,
    );
    expect(JSON.stringify(error)).not.toContain('hf_secret');
  });

  it('for a token the hub does not know', async () => {
    const error = await failure(snapshot(options({ env: { ...options().env, HF_TOKEN: 'hf_wrong' } })));
    expect(error.message).toBe(
      `The hub ${hub.endpoint} does not accept the token (401): Invalid credentials in Authorization header`,
    );
    expect(error.hint).toContain('/settings/tokens');
  });

  it.each([
    {
      status: 403,
      headers: { 'x-error-message': 'Your plan ended' },
      message: /The hub refuses the model Org\/opus-mt-en-fr \(403\): Your plan ended\./,
      hint: /set HF_TOKEN/,
    },
    {
      status: 429,
      headers: { 'retry-after': '900' },
      message: /has had too many requests from here \(429\)/,
      hint: /Wait a few minutes.+HF_TOKEN/,
    },
    {
      status: 503,
      headers: { 'retry-after': '0' },
      message: /the server answered 503 Service Unavailable/,
      hint: /try again later/,
    },
  ])('for $status', async ({ status, headers, message, hint }) => {
    hub.fault = () => ({ type: 'status', status, headers });
    const error = await failure(snapshot(options()));
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });

  it('for a hub that is in trouble for a moment: nothing, it is asked again', async () => {
    let left = 2;
    hub.fault = () => (left-- > 0 ? { type: 'status', status: 503, headers: { 'retry-after': '0' } } : null);
    expect(await snapshot(options())).toContain('snapshots');
  });

  it('for a repository of another kind', async () => {
    addRepository(hub, { id: 'Org/images', files: new Map([['weights.pt', large(10)]]) });
    const error = await failure(snapshot(options({ id: 'Org/images' })));
    expect(error.message).toBe('The model Org/images@main has none of the files wanted; it has weights.pt.');
    expect(await failure(lookUpRepository(options({ id: 'Org/images' })))).toHaveProperty('message', error.message);
  });

  it('for a damaged file, which is not kept', async () => {
    hub.fault = ({ server }) => (server === 'storage' ? { type: 'damage' } : null);
    const error = await failure(snapshot(options()));
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message).toMatch(/^What http\S+ sent is damaged or another file: its sha256 is/);
    expect(existsSync(join(repositoryFolder(), 'snapshots'))).toBe(false);
  });

  it('for a small damaged file, by the name git gives it', async () => {
    hub.fault = ({ path }) => (path.endsWith('vocab.json') ? { type: 'damage' } : null);
    expect((await failure(snapshot(options()))).message).toMatch(/its git sha1 is [0-9a-f]{40}, expected/);
  });

  it('for an address that is no hub', async () => {
    hub.routes.push(() => ({ status: 200, body: Buffer.from('<html>Please log in</html>') }));
    const error = await failure(snapshot(options()));
    expect(error.message).toBe(`${hub.endpoint} did not answer as a hub does: no commit, no files.`);
    const wrong = await failure(snapshot(options({ env: { HF_HOME: home, HF_ENDPOINT: 'https://me:pw@host' } })));
    expect(wrong.message).toBe('HF_ENDPOINT is not the address of a web server.');
  });

  it('for a list whose names lead out of the cache', async () => {
    for (const name of ['../../escape.json', '/etc/passwd', 'a/../../b', 'C:\\x', `${'a/'.repeat(2_100)}b`] as const) {
      addRepository(hub, {
        id: 'Org/evil',
        files: new Map([
          ['config.json', small('{}')],
          [name, small('x')],
        ]),
      });
      const error = await failure(snapshot(options({ id: 'Org/evil', files: (all) => new Set(all) })));
      expect(error.message).toContain('did not answer as a hub does');
      hub.repositories.pop();
    }
  });

  it.each([
    ['a name that no disk takes', `${'x'.repeat(300)}.json`, /cannot be written: name too long \(ENAMETOOLONG\)/],
    ['a folder that is a file too', 'config.json/x', /cannot be written: .* \(E/],
  ])('for a list with %s', async (_, name, message) => {
    addRepository(hub, {
      id: 'Org/odd',
      files: new Map([
        ['config.json', small('{}')],
        [name, small('x')],
      ]),
    });
    const error = await failure(snapshot(options({ id: 'Org/odd', files: (all) => new Set(all) })));
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message).toMatch(message);
  });

  it.each(['../up', 'a/b/c', 'a--b', 'a b', ''])('for "%s", which is no name', async (id) => {
    expect((await failure(snapshot(options({ id })))).message).toBe(`"${id}" is not the name of a model on the hub.`);
  });

  it('for a revision that leads out of the cache', async () => {
    const error = await failure(snapshot(options({ revision: '../../x' })));
    expect(error.message).toBe('"../../x" is not a revision of Org/opus-mt-en-fr.');
    expect(hub.requests).toEqual([]);
  });
});

describe('without the hub', () => {
  it('what is in the cache is given, with a warning', async () => {
    const directory = await snapshot(options());
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    hub.fault = () => ({ type: 'status', status: 503 });
    expect(await snapshot(options({ onWarning }))).toBe(directory);
    const env = { HF_HOME: home, HF_ENDPOINT: 'http://nowhere.invalid' };
    expect(await snapshot(options({ onWarning, env }))).toBe(directory);
    expect(warnings).toEqual([
      expect.stringMatching(/the server answered 503 .+ The version in the cache is used: .+snapshots/),
      expect.stringMatching(/The host nowhere\.invalid is not known here .+ The version in the cache is used/),
    ]);
  });

  it('what is not in the cache is an error', async () => {
    const error = await failure(snapshot(options({ env: { HF_HOME: home, HF_ENDPOINT: 'http://nowhere.invalid' } })));
    expect(error.message).toMatch(/^The host nowhere\.invalid is not known here/);
  });

  it('HF_HUB_OFFLINE keeps from asking at all', async () => {
    const env = { ...options().env, HF_HUB_OFFLINE: '1' };
    const error = await failure(snapshot(options({ env, revision: 'v2' })));
    expect(error.message).toBe(
      `The model Org/opus-mt-en-fr@v2 is not in the cache ${home}/hub, and HF_HUB_OFFLINE forbids to fetch it.`,
    );
    expect(error.hint).toContain(
      '"bleubird fetch Org/opus-mt-en-fr@v2" where there is a network and copy the folder models--Org--opus-mt-en-fr',
    );
    expect(hub.requests).toEqual([]);
    const directory = await snapshot(options());
    hub.requests.length = 0;
    expect(await snapshot(options({ env }))).toBe(directory);
    expect(hub.requests).toEqual([]);
  });

  it('a hub that does not answer in time is not waited for', async () => {
    const directory = await snapshot(options());
    hub.routes.push(async () => await sleep(30_000, null, { ref: false }));
    const warnings: string[] = [];
    const env = { ...options().env, HF_HUB_ETAG_TIMEOUT: '0.2' };
    const begun = performance.now();
    expect(await snapshot(options({ env, onWarning: (message) => warnings.push(message) }))).toBe(directory);
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect(warnings[0]).toContain('did not answer within 0.2 s.');
  });

  it('a cache with a dangling link is not taken for whole', async () => {
    const directory = await snapshot(options());
    rmSync(join(repositoryFolder(), 'blobs'), { recursive: true });
    mkdirSync(join(repositoryFolder(), 'blobs'));
    const env = { ...options().env, HF_HUB_OFFLINE: '1' };
    expect((await failure(snapshot(options({ env })))).message).toContain('is not in the cache');
    expect(await snapshot(options())).toBe(directory);
    expect(readFileSync(join(directory, 'vocab.json'), 'utf8')).toBe('{"</s>": 0}');
  });
});

it('a dataset is fetched from the datasets of the hub, folders and all', async () => {
  addRepository(hub, { id: 'Org/kde4', type: 'dataset', files: new Map([['data/en-fr/train 1.jsonl', small('{}')]]) });
  const directory = await snapshot(options({ id: 'Org/kde4', type: 'dataset', files: (all) => new Set(all) }));
  expect(directory).toContain(join('hub', 'datasets--Org--kde4', 'snapshots'));
  expect(readFileSync(join(directory, 'data/en-fr/train 1.jsonl'), 'utf8')).toBe('{}');
  expect(readlinkSync(join(directory, 'data/en-fr/train 1.jsonl'))).toMatch(/^\.\.\/\.\.\/\.\.\/\.\.\/blobs\//);
});

describe('of a model', () => {
  const tokenizer = ['config.json', 'vocab.json', 'source.spm', 'target.spm'];
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const index = 'model.safetensors.index.json';
  it.each([
    [['model.safetensors', 'pytorch_model.bin'], ['model.safetensors'], true],
    [['pytorch_model.bin', 'tf_model.h5', 'rust_model.ot'], ['pytorch_model.bin'], true],
    [[index, ...shards, 'pytorch_model.bin'], [index, ...shards], true],
    [[index, shards[0] ?? ''], [index, shards[0] ?? ''], false],
    [
      ['pytorch_model.bin.index.json', 'pytorch_model-00001-of-00001.bin'],
      ['pytorch_model.bin.index.json', 'pytorch_model-00001-of-00001.bin'],
      true,
    ],
    [['flax_model.msgpack'], [], false],
  ])('with %j, %j are wanted', (weights, wanted, isWhole) => {
    const all = [...tokenizer, 'README.md', ...weights];
    expect([...modelFilesOf(all)]).toEqual([...tokenizer, ...wanted]);
    expect(isWholeModel(all)).toBe(isWhole);
    expect(isWholeModel(all.slice(1))).toBe(false);
  });

  it('very many are looked through once', () => {
    const all = Array.from({ length: 300_000 }, (_, number) => `model.safetensor${number}`);
    const start = process.cpuUsage();
    expect(modelFilesOf([...all, 'config.json'])).toEqual(new Set(['config.json']));
    // Looked through for each of them, they would take five minutes.
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(10);
  });
});
