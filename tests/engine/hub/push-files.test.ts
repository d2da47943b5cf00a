/** Pushing files as one commit, against a hub on this machine that is as strict as the real one, and in trouble at times. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PushOptions, prepareRepository, pushFiles } from '../../../src/engine/hub/push-files.ts';
import { AppError, CancelledError, ConfigError, ModelError } from '../../../src/errors.ts';
import { addRepository, type FakeHub, type Fault, startFakeHub } from '../../support/fake-hub.ts';
import { type FakeUploads, takeUploads } from '../../support/fake-hub-uploads.ts';

let hub: FakeHub;
let uploads: FakeUploads;
let folder: string;

beforeEach(async () => {
  hub = await startFakeHub();
  uploads = takeUploads(hub);
  folder = mkdtempSync(join(tmpdir(), 'bleubird-push-'));
});
afterEach(async () => {
  await hub.close();
  rmSync(folder, { recursive: true });
});

const weights = randomBytes(1_000_000);
const config = '{"model_type": "marian"}\n';

function options(changes: Partial<PushOptions> = {}): PushOptions {
  writeFileSync(join(folder, 'model.safetensors'), weights);
  return {
    id: 'me/tuned',
    isPrivate: null,
    files: [
      { name: 'config.json', content: { text: config } },
      { name: 'model.safetensors', content: { path: join(folder, 'model.safetensors') } },
      { name: 'last-checkpoint/model.safetensors', content: { path: join(folder, 'model.safetensors') } },
      { name: 'empty.bin', content: { text: '' } },
    ],
    message: 'Training in progress, step 4',
    env: { HF_ENDPOINT: hub.endpoint, HF_TOKEN: hub.token, HF_HOME: folder },
    pauseMs: 1,
    ...changes,
  };
}

function repository(id = 'me/tuned') {
  const found = hub.repositories.find((one) => one.id === id);
  if (found === undefined) throw new RangeError(`the hub has no ${id}`);
  return found;
}

const contents = () => new Map([...repository().files].map(([name, { bytes }]) => [name, bytes.toString('base64')]));
const asked = (path: RegExp) => hub.requests.filter((request) => path.test(request.path));

/** Spoils the first so many answers to matching requests. */
function trouble(path: RegExp, fault: Fault, times = 1): void {
  let left = times;
  hub.fault = (request) => {
    if (!path.test(request.path) || left === 0) return null;
    left -= 1;
    return fault;
  };
}

describe('a push', () => {
  it('makes the repository and one commit with all files, each content sent once', async () => {
    const progress: [number, number][] = [];
    const pushed = await pushFiles(options({ onProgress: (...numbers) => progress.push(numbers) }));
    const commit = repository().refs.main ?? '';
    expect(pushed).toEqual({
      id: 'me/tuned',
      branch: 'main',
      commit,
      url: `${hub.endpoint}/me/tuned/commit/${commit}`,
      isNew: true,
      sentBytes: 1_000_000,
    });
    expect(contents()).toEqual(
      new Map([
        ['.gitattributes', expect.any(String)],
        ['config.json', Buffer.from(config).toString('base64')],
        ['model.safetensors', weights.toString('base64')],
        ['last-checkpoint/model.safetensors', weights.toString('base64')],
        ['empty.bin', ''],
      ]),
    );
    expect(uploads.commits).toEqual(['Training in progress, step 4']);
    expect(repository().access).toBe('public');
    expect(hub.requests.filter(({ server }) => server === 'storage')).toHaveLength(1);
    expect(progress.at(-1)).toEqual([1_000_000, 1_000_000]);
    expect(asked(/preupload/)[0]?.body.toString()).toContain(weights.subarray(0, 512).toString('base64'));
  });

  it('sends nothing that the branch has, and only what has changed', async () => {
    const first = await pushFiles(options());
    hub.requests.length = 0;
    const again = await pushFiles(options());
    expect(again).toEqual({ ...first, isNew: false, sentBytes: 0 });
    expect(asked(/preupload|lfs|commit/)).toEqual([]);

    const changed = await pushFiles(options({ files: [{ name: 'config.json', content: { text: '{}' } }] }));
    expect(changed).toMatchObject({ isNew: true, sentBytes: 0 });
    expect(asked(/lfs/)).toEqual([]);
    expect(contents().size).toBe(5);
  });

  it('sends a file in parts where the hub asks for that', async () => {
    uploads.partBytes = 300_000;
    trouble(/^\/[0-9a-f]{64}$/, { type: 'status', status: 503 });
    const progress: number[] = [];
    await pushFiles(options({ onProgress: (done) => progress.push(done) }));
    expect(contents().get('model.safetensors')).toBe(weights.toString('base64'));
    const lengths = hub.requests.filter(({ server }) => server === 'storage').map(({ body }) => body.length);
    expect(lengths).toEqual([300_000, 300_000, 300_000, 300_000, 100_000]);
    expect(progress.at(-1)).toBe(1_000_000);
    expect(Math.max(...progress)).toBe(1_000_000);
  });

  it('goes to a branch, to a private repository, and to the owner of the token', async () => {
    const { id, branch, commit } = await pushFiles(options({ id: 'tuned', branch: 'run/7', isPrivate: true }));
    expect({ id, branch }).toEqual({ id: 'me/tuned', branch: 'run/7' });
    expect(repository()).toMatchObject({ access: 'private', refs: { 'run/7': commit } });
    expect(repository().refs.main).not.toBe(commit);
    await expect(pushFiles(options({ branch: 'run/7', isPrivate: true }))).resolves.toMatchObject({ isNew: false });
  });

  it('goes into a repository that the token may write to but could not make', async () => {
    addRepository(hub, { id: 'me/tuned', files: new Map() });
    trouble(/repos\/create/, { type: 'status', status: 403 });
    await expect(pushFiles(options())).resolves.toMatchObject({ isNew: true });
  });

  it('leaves out what the repository ignores, and says so', async () => {
    uploads.ignored.push('config.json');
    const warnings: string[] = [];
    await pushFiles(options({ onWarning: (text) => warnings.push(text) }));
    expect(warnings).toEqual(['config.json is not pushed: the .gitignore of me/tuned names it.']);
    expect([...contents().keys()]).not.toContain('config.json');
  });

  it('hands the token to the hub alone', async () => {
    uploads.partBytes = 300_000;
    await pushFiles(options());
    for (const { server, path, headers } of hub.requests) {
      const isSigned = server === 'storage' || /complete\/[0-9a-f]{64}/.test(path);
      expect([path, headers.authorization]).toEqual([path, isSigned ? undefined : `Bearer ${hub.token}`]);
    }
  });
});

describe('a push in trouble succeeds', () => {
  it.each<[string, RegExp, Fault]>([
    ['a hub that is overloaded', /preupload/, { type: 'status', status: 503 }],
    ['a hub that asks to wait', /repos\/create/, { type: 'status', status: 429, headers: { 'retry-after': '0.01' } }],
    ['other repositories being made', /repos\/create/, conflict('another conflicting operation is in progress')],
    ['an answer that is cut', /lfs\/objects/, { type: 'cut', afterBytes: 10 }],
    ['a storage in trouble', /^\/[0-9a-f]{64}$/, { type: 'status', status: 500 }],
    ['an address that has expired', /^\/[0-9a-f]{64}$/, { type: 'status', status: 403 }],
    ['a verification that fails once', /verify/, { type: 'status', status: 422 }],
    ['a commit that was not made', /commit/, { type: 'status', status: 502 }],
  ])('after %s', async (_name, path, fault) => {
    trouble(path, fault);
    await expect(pushFiles(options())).resolves.toMatchObject({ isNew: true });
    expect(contents().get('model.safetensors')).toBe(weights.toString('base64'));
    expect(uploads.commits).toHaveLength(1);
  });

  it('after an upload that was cut', async () => {
    let cuts = 2;
    hub.cut = ({ method }) => (method === 'PUT' && cuts-- > 0 ? 100_000 : null);
    await expect(pushFiles(options())).resolves.toMatchObject({ isNew: true });
    expect(contents().get('model.safetensors')).toBe(weights.toString('base64'));
  });

  it('after others committed in between, on top of theirs', async () => {
    uploads.conflicts = 2;
    await expect(pushFiles(options())).resolves.toMatchObject({ isNew: true });
    expect(asked(/\/commit\//)).toHaveLength(3);
    expect(uploads.commits).toHaveLength(1);
    expect(hub.requests.filter(({ server }) => server === 'storage')).toHaveLength(1);
  });

  it('without a second commit when the answer to the first was lost', async () => {
    trouble(/\/commit\//, { type: 'cut', afterBytes: 0 });
    const { isNew, commit } = await pushFiles(options());
    expect({ isNew, commit }).toEqual({ isNew: true, commit: repository().refs.main });
    expect(uploads.commits).toHaveLength(1);
  });

  it('when a part was called by a wrong ETag: the file is sent anew', async () => {
    uploads.partBytes = 600_000;
    trouble(/^\/[0-9a-f]{64}$/, { type: 'etag', etag: '"wrong"' });
    await expect(pushFiles(options())).resolves.toMatchObject({ isNew: true });
    expect(contents().get('model.safetensors')).toBe(weights.toString('base64'));
  });
});

describe('a push that fails', () => {
  const always = Number.POSITIVE_INFINITY;
  it.each<[string, RegExp, Fault, RegExp]>([
    [
      'a token that may not write',
      /preupload/,
      refusal(403, 'no write access'),
      /may not|not let this token write to me\/tuned \(403\): no write access\.$/,
    ],
    [
      'a repository that is hidden',
      /preupload/,
      refusal(404),
      /^me\/tuned is not at http:.+, or is hidden from this token \(404\)\.$/,
    ],
    ['too many requests', /preupload/, refusal(429), /has had too many requests from here \(429\)/],
    ['a hub in trouble', /preupload/, refusal(500), /preupload\/main refused what was sent to it \(500\)\.$/],
    [
      'a file that is too large',
      /^\/[0-9a-f]{64}$/,
      refusal(413),
      /^A file is larger than 127\.0\.0\.1:\d+ takes \(413\)\.$/,
    ],
    [
      'others that always are faster',
      /\/commit\//,
      refusal(412, 'A commit has happened since.'),
      /^Others write to me\/tuned at the same time, again and again \(412\): A commit has happened since\.$/,
    ],
    [
      'something that is no hub',
      /preupload/,
      { type: 'replace', bytes: Buffer.from('<html>') },
      /did not answer as a hub does: no word on config\.json\.$/,
    ],
    [
      'parts that do not add up',
      /lfs\/objects/,
      badParts(),
      /did not answer as a hub does: parts that do not make up model\.safetensors\.$/,
    ],
  ])('for %s says so', async (_name, path, fault, message) => {
    trouble(path, fault, always);
    const error = await failure(options({ retries: 1 }));
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message).toMatch(message);
    expect(uploads.commits).toEqual([]);
  });

  it('for uploads that arrive damaged says so', async () => {
    hub.routes.unshift(({ server, path, body }) => {
      if (server !== 'storage') return null;
      uploads.stored.set(path.slice(1), Buffer.alloc(body.length));
      return { status: 200, headers: { etag: '"x"' } };
    });
    expect((await failure(options())).message).toMatch(
      /verify refused what was sent to it \(422\): what arrived is not what was announced\.$/,
    );
    expect(hub.requests.filter(({ server }) => server === 'storage')).toHaveLength(3);
    expect(uploads.commits).toEqual([]);
  });

  it('for an answer that names no commit says so', async () => {
    trouble(/\/commit\//, { type: 'replace', bytes: Buffer.from('{}') });
    expect((await failure(options())).message).toMatch(/did not answer as a hub does: no commit\.$/);
  });

  it('for a token that is not known says so without quoting it', async () => {
    const token = 'hf_wrongwrongwrong';
    const error = await failure(options({ env: { HF_ENDPOINT: hub.endpoint, HF_TOKEN: token } }));
    expect(error.message).toBe(
      `The hub ${hub.endpoint} does not accept the token (401): Invalid credentials: Bearer ***.`,
    );
    expect(error.hint).toBe(
      `Make one that may write at ${hub.endpoint}/settings/tokens, and set HF_TOKEN, or log in with "hf auth login".`,
    );
    expect(JSON.stringify(error) + error.stack).not.toContain(token);
  });

  it.each([
    ['no token', {}, /^A push to http.+ needs a token, and there is none\.$/],
    [
      'a token that is none',
      { HF_TOKEN: 'hf_two words' },
      /^A push to http.+ needs a token, and what stands in HF_TOKEN is malformed: there is a space in it\.$/,
    ],
    ['no network allowed', { HF_HUB_OFFLINE: '1' }, /^HF_HUB_OFFLINE forbids to push to the hub\.$/],
    ['an address that is none', { HF_ENDPOINT: 'hub' }, /^HF_ENDPOINT is not the address of a web server\.$/],
  ])('for %s asks nobody', async (_name, env, message) => {
    const error = await failure(options({ env: { HF_ENDPOINT: hub.endpoint, HF_HOME: folder, ...env } }));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(message);
    expect(hub.requests).toEqual([]);
  });

  it('for a name that is none asks nobody', async () => {
    expect((await failure(options({ id: 'a/b/c' }))).message).toBe('"a/b/c" is not the name of a model on the hub.');
    expect((await failure(options({ branch: '../x' }))).message).toContain('"../x" is not a revision');
    expect(hub.requests).toEqual([]);
  });

  it('for a repository that shall be private and is public leaves it alone', async () => {
    await pushFiles(options());
    const error = await failure(options({ isPrivate: true, message: 'secret' }));
    expect(error.message).toBe('me/tuned shall be private, and is there already for everybody to see.');
    expect(uploads.commits).not.toContain('secret');
  });

  it('for a host that cannot be reached does not wait, unless it is patient', async () => {
    const gone = await startFakeHub();
    await gone.close();
    const env = { HF_ENDPOINT: gone.endpoint, HF_TOKEN: 'hf_x' };
    let tries = 0;
    const counting: typeof fetch = (...call) => {
      tries += 1;
      return fetch(...call);
    };
    const { message } = await failure(options({ env, fetch: counting }));
    expect(message).toMatch(/^The host 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)\.$/);
    expect(tries).toBe(1);
    await failure(options({ env, fetch: counting, isPatient: true, retries: 2 }));
    expect(tries).toBe(4);
  });

  it('for a connection that hangs gives up after a while', async () => {
    hub.routes.unshift(({ path }) => (path.includes('preupload') ? new Promise(() => {}) : null));
    const error = await failure(options({ stallMs: 50, retries: 0 }));
    expect(error.message).toContain('broke off while');
    expect(error.message).toContain('nothing happened for 0.05 s');
  });

  it('for a file that is gone names it', async () => {
    const files = [{ name: 'config.json', content: { path: join(folder, 'none') } }];
    expect((await failure(options({ files }))).message).toMatch(/^config\.json cannot be read to be pushed: ENOENT/);
  });

  it('for its user, who no longer wants it', async () => {
    const cancel = new AbortController();
    hub.routes.unshift(({ server }) => {
      if (server === 'storage') cancel.abort();
      return null;
    });
    await expect(pushFiles(options({ signal: cancel.signal }))).rejects.toBeInstanceOf(CancelledError);
    expect(uploads.commits).toEqual([]);
  });
});

it('can be prepared: the repository is made, or it is said why not', async () => {
  await prepareRepository(options({ isPrivate: true }));
  expect(repository().access).toBe('private');
  hub.fault = () => refusal(403, 'read only');
  await expect(prepareRepository(options({ id: 'you/model' }))).rejects.toThrow(
    'The hub does not let this token write to you/model (403): read only.',
  );
});

async function failure(given: PushOptions): Promise<AppError> {
  const error: unknown = await pushFiles(given).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw new RangeError(`no AppError: ${String(error)}`);
  return error;
}

function refusal(status: number, reason = ''): Fault {
  return { type: 'status', status, headers: { 'x-error-message': reason } };
}

function conflict(reason: string): Fault {
  return refusal(409, reason);
}

function badParts(): Fault {
  const upload = { href: 'http://127.0.0.1:1/', header: { chunk_size: '10', '00001': 'http://127.0.0.1:1/' } };
  const { createHash } = process.getBuiltinModule('node:crypto');
  const oid = createHash('sha256').update(weights).digest('hex');
  const object = { oid, actions: { upload } };
  return { type: 'replace', bytes: Buffer.from(JSON.stringify({ objects: [object] })) };
}
