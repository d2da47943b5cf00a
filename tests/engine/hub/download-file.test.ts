/** One file from a server that fails in every way a server can. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { diskError } from '../../../src/engine/hub/download-errors.ts';
import { type DownloadOptions, downloadFile } from '../../../src/engine/hub/download-file.ts';
import { CancelledError, DataError, ModelError } from '../../../src/errors.ts';
import { type FakeHub, type FakeRequest, type Fault, startFakeHub } from '../../support/fake-hub.ts';

const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 7)) & 255));
const sha256 = createHash('sha256').update(bytes).digest('hex');

let hub: FakeHub;
let folder: string;
let served = bytes;

beforeAll(async () => {
  hub = await startFakeHub();
  hub.routes.push(({ path }) =>
    path === '/file.bin' ? { status: 200, headers: { etag: '"one"' }, body: served } : null,
  );
  folder = mkdtempSync(join(tmpdir(), 'bleubird-download-'));
});

afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(() => {
  hub.requests.length = 0;
  hub.fault = () => null;
  served = bytes;
});

let files = 0;

function options(changes: Partial<DownloadOptions> = {}): DownloadOptions {
  const destination = join(folder, String(++files), 'file.bin');
  return { url: `${hub.endpoint}/file.bin`, destination, pauseMs: 1, ...changes };
}

/** One fault after another, then none. */
function faults(...list: (Fault | null)[]): void {
  hub.fault = () => list.shift() ?? null;
}

function ranges(): (string | undefined)[] {
  return hub.requests.map(({ headers }) => headers.range);
}

async function failure(
  download: Promise<unknown>,
): Promise<{ message: string; hint: string | undefined; kind: string }> {
  const error = await download.then(
    () => expect.unreachable(),
    (caught: unknown) => caught as DataError,
  );
  return { message: error.message, hint: error.hint, kind: error.constructor.name };
}

describe('a download', () => {
  it('is whole under its name, with its sha256, and leaves nothing else behind', async () => {
    const told: [number, number | null][] = [];
    const wanted = options({
      expected: { sizeBytes: bytes.length, sha256 },
      onProgress: (...of) => told.push(of),
    });
    expect(await downloadFile(wanted)).toEqual({ path: wanted.destination, sha256 });
    expect(readFileSync(wanted.destination).equals(bytes)).toBe(true);
    expect(readdirSync(dirname(wanted.destination))).toEqual(['file.bin']);
    expect(told.at(0)).toEqual([0, bytes.length]);
    expect(told.at(-1)).toEqual([bytes.length, bytes.length]);
  });

  it('is not made again when the file is there and as expected', async () => {
    const wanted = options({ expected: { sha256 } });
    await downloadFile(wanted);
    hub.requests.length = 0;
    expect(await downloadFile(wanted)).toEqual({ path: wanted.destination, sha256 });
    expect(hub.requests).toEqual([]);
    writeFileSync(wanted.destination, 'something else');
    await downloadFile(wanted);
    expect(readFileSync(wanted.destination).equals(bytes)).toBe(true);
  });

  it('goes on after each cut, wherever it falls, without asking for a byte twice', async () => {
    const cuts = [1, 65_535, 65_536, 1_000, 40_000];
    faults(...cuts.map((afterBytes): Fault => ({ type: 'cut', afterBytes })));
    const { sha256: found } = await downloadFile(options({ retries: 3 }));
    expect(found).toBe(sha256);
    const starts = ranges()
      .slice(1)
      .map((range) => Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0));
    // What was on its way when the connection was cut may or may not have arrived.
    expect(starts.every((start, i) => start <= cuts.slice(0, i + 1).reduce((a, b) => a + b, 0))).toBe(true);
    expect(starts.at(-1)).toBeGreaterThan(0);
    expect(hub.requests.slice(1).filter(({ headers }) => headers.range && headers['if-range'] !== '"one"')).toEqual([]);
  });

  it('of an empty file is an empty file', async () => {
    served = Buffer.alloc(0);
    const wanted = options({ expected: { sizeBytes: 0 } });
    await downloadFile(wanted);
    expect(readFileSync(wanted.destination)).toHaveLength(0);
  });

  it('begins anew at a server that knows no ranges', async () => {
    faults({ type: 'cut', afterBytes: 5_000 }, { type: 'no-ranges' });
    expect((await downloadFile(options())).sha256).toBe(sha256);
  });

  it('begins anew when the file has changed meanwhile, instead of joining two versions', async () => {
    const other = Buffer.from(bytes).reverse();
    hub.fault = ({ headers }) => {
      if (headers.range === undefined) return { type: 'cut', afterBytes: 5_000 };
      served = other;
      return { type: 'etag', etag: '"two"' };
    };
    const { sha256: found } = await downloadFile(options());
    expect(found).toBe(createHash('sha256').update(other).digest('hex'));
  });

  it('is waited for as long as the server asks', async () => {
    faults({ type: 'status', status: 429, headers: { 'retry-after': '0.2' } });
    const begun = performance.now();
    expect((await downloadFile(options())).sha256).toBe(sha256);
    expect(performance.now() - begun).toBeGreaterThan(190);
  });

  it.each([408, 429, 500, 502, 503, 504])('is tried again after %i', async (status) => {
    faults({ type: 'status', status }, { type: 'status', status });
    expect((await downloadFile(options({ retries: 2 }))).sha256).toBe(sha256);
    expect(hub.requests).toHaveLength(3);
  });

  it('is tried again when a connection stays open and brings nothing', async () => {
    faults({ type: 'slow', chunkBytes: 10_000, pauseMs: 5_000 });
    expect((await downloadFile(options({ stallMs: 400 }))).sha256).toBe(sha256);
    expect(ranges()).toEqual([undefined, 'bytes=10000-']);
  });
});

describe('what an earlier process left', () => {
  function left(part: Buffer, version: unknown, changes: Partial<DownloadOptions> = {}): DownloadOptions {
    const wanted = options(changes);
    mkdirSync(dirname(wanted.destination));
    writeFileSync(`${wanted.destination}.incomplete`, part);
    if (version !== null) writeFileSync(`${wanted.destination}.incomplete.json`, JSON.stringify(version));
    return wanted;
  }

  it('is continued when it came from the same version', async () => {
    const wanted = left(bytes.subarray(0, 100_000), { url: `${hub.endpoint}/file.bin`, validator: '"one"' });
    expect((await downloadFile(wanted)).sha256).toBe(sha256);
    expect(ranges()).toEqual(['bytes=100000-']);
    expect(readdirSync(dirname(wanted.destination))).toEqual(['file.bin']);
  });

  it('is thrown away when nobody knows what it is', async () => {
    const wanted = left(Buffer.alloc(1_000), null);
    expect((await downloadFile(wanted)).sha256).toBe(sha256);
    expect(ranges()).toEqual([undefined]);
  });

  it('is continued on the word of a checksum, and once more from the start when it deceived', async () => {
    const good = left(bytes.subarray(0, 100_000), null, { expected: { sha256 } });
    expect((await downloadFile(good)).sha256).toBe(sha256);
    expect(ranges()).toEqual(['bytes=100000-']);
    hub.requests.length = 0;
    const bad = left(Buffer.alloc(100_000), null, { expected: { sha256 } });
    expect((await downloadFile(bad)).sha256).toBe(sha256);
    expect(ranges()).toEqual(['bytes=100000-', undefined]);
  });

  it.each([
    { expected: { sha256, sizeBytes: bytes.length }, requests: 0 },
    { expected: { sha256 }, requests: 1 },
  ])('needs no byte more when it is whole: $requests requests', async ({ expected, requests }) => {
    expect((await downloadFile(left(bytes, null, { expected }))).sha256).toBe(sha256);
    expect(hub.requests).toHaveLength(requests);
  });

  it('is thrown away when it is longer than the file', async () => {
    const long = left(Buffer.concat([bytes, bytes]), null, { expected: { sha256 } });
    expect((await downloadFile(long)).sha256).toBe(sha256);
  });
});

describe('a download that fails', () => {
  it.each<{ title: string; fault: Fault; expected?: DownloadOptions['expected']; message: RegExp; hint: RegExp }>([
    {
      title: 'for a wrong checksum',
      fault: { type: 'damage' },
      expected: { sha256 },
      message: new RegExp(
        `What http://[^ ]+/file.bin sent is damaged or another file: its sha256 is [0-9a-f]{64}, expected ${sha256}\\.`,
      ),
      hint: /Try again; if it stays so/,
    },
    {
      title: 'for a wrong size, before a byte is read',
      fault: { type: 'replace', bytes: Buffer.from('<html>') },
      expected: { sizeBytes: bytes.length },
      message: /file\.bin has 6 bytes, expected 300000\./,
      hint: /a proxy on the way answers in its place/,
    },
    {
      title: 'for a file that is not there',
      fault: { type: 'status', status: 404 },
      message: /file\.bin could not be downloaded: the server answered 404 Not Found\./,
      hint: /there is no such file on that server/,
    },
    {
      title: 'for a refusal',
      fault: { type: 'status', status: 403 },
      message: /the server answered 403 Forbidden\./,
      hint: /refuses this file to you/,
    },
    {
      title: 'for a server in trouble, after all attempts',
      fault: { type: 'status', status: 503 },
      message: /the server answered 503 Service Unavailable\./,
      hint: /try again later\. What has arrived is kept/,
    },
    {
      title: 'for a server that asks for a day',
      fault: { type: 'status', status: 429, headers: { 'retry-after': '86400' } },
      message: /the server answered 429/,
      hint: /wait a few minutes/,
    },
    {
      title: 'for connections that break before the first byte',
      fault: { type: 'cut', afterBytes: 0 },
      message: /The connection to 127\.0\.0\.1:\d+ broke off while http:[^ ]+file\.bin was fetched/,
      hint: /what has arrived is kept and continued/,
    },
    {
      title: 'for a redirect into nowhere',
      fault: { type: 'redirect', location: 'file:///etc/passwd' },
      message: /redirects to an address that is not one of the web\./,
      hint: /Check the address/,
    },
    {
      title: 'for redirects in a circle',
      fault: { type: 'redirect', location: '/file.bin?secret=1' },
      message: /file\.bin redirects more than 10 times\./,
      hint: /Check the address/,
    },
  ])('$title says so', async ({ fault, expected, message, hint }) => {
    hub.fault = () => fault;
    const wanted = options({ expected, retries: 2 });
    const error = await failure(downloadFile(wanted));
    expect(error).toEqual({
      kind: 'DataError',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
    expect(existsSync(wanted.destination)).toBe(false);
  });

  it('is of the kind the caller asks for', async () => {
    hub.fault = () => ({ type: 'status', status: 404 });
    await expect(downloadFile(options({ errorKind: ModelError }))).rejects.toBeInstanceOf(ModelError);
  });

  it('does not wait for a host that was never reached', async () => {
    const begun = performance.now();
    const gone = await startFakeHub();
    await gone.close();
    const refused = await failure(downloadFile(options({ url: `${gone.endpoint}/file`, pauseMs: 30_000 })));
    expect(refused.message).toBe(`The host ${new URL(gone.endpoint).host} cannot be reached (ECONNREFUSED).`);
    expect(refused.hint).toContain('HTTPS_PROXY');
    const unknown = await failure(downloadFile(options({ url: 'http://nowhere.invalid/file', pauseMs: 30_000 })));
    expect(unknown.message).toMatch(/^The host nowhere\.invalid is not known here \((ENOTFOUND|EAI_AGAIN)\)\.$/);
    const forbidden = await failure(downloadFile(options({ url: 'http://127.0.0.1:9/file', pauseMs: 30_000 })));
    expect(forbidden.message).toBe('http://127.0.0.1:9/file cannot be fetched (bad port).');
    expect(performance.now() - begun).toBeLessThan(20_000);
  });

  it('shows no query of an address, where signatures stand', async () => {
    hub.fault = () => ({ type: 'status', status: 404 });
    const error = await failure(downloadFile(options({ url: `${hub.endpoint}/file.bin?signature=secret` })));
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  it('for a folder that may not be written says so', async () => {
    writeFileSync(join(folder, 'a-file'), '');
    const destination = join(folder, 'a-file', 'file.bin');
    const error = await failure(downloadFile(options({ destination })));
    expect(error.message).toMatch(/a-file\/file\.bin cannot be written: .+ \((ENOTDIR|EEXIST)\)\.$/);
    expect(error.hint).toContain('HF_HOME');
  });

  it('for an answer that goes on after its end is left there, whatever it is packed in', async () => {
    let sentBytes = 0;
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          sentBytes += 100_000;
          if (sentBytes > 3_000_000) controller.error(new Error('it was read on and on'));
          else controller.enqueue(new Uint8Array(100_000));
        },
      });
    const wanted = options({ expected: { sizeBytes: bytes.length }, fetch: async () => new Response(endless()) });
    const error = await failure(downloadFile(wanted));
    expect(error.message).toMatch(/file\.bin goes on after 300000 bytes, which should be all\.$/);
    expect(error.hint).toContain('a proxy on the way');
    expect(sentBytes).toBeLessThanOrEqual(600_000);
  });

  it('shows no password of an address that it is led to', async () => {
    hub.fault = () => ({ type: 'redirect', location: 'https://me:pass@host.invalid/x?signature=secret' });
    const error = await failure(downloadFile(options()));
    expect(JSON.stringify(error)).not.toMatch(/me:pass|secret/);
  });

  it('for want of space says so before it begins', async () => {
    const answer = new Response(bytes, { headers: { 'content-length': String(2 ** 52) } });
    const error = await failure(downloadFile(options({ fetch: async () => answer })));
    expect(error.message).toMatch(/file\.bin needs 4503599627370496 bytes more, and its disk has \d+ free\./);
    expect(error.hint).toContain('Free space');
  });

  it('for a disk that fills meanwhile says so, and what stays', () => {
    const cause = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const error = diskError(DataError, '/cache/file.bin', cause);
    expect(error?.message).toBe('/cache/file.bin cannot be written: the disk is full (ENOSPC).');
    expect(error?.hint).toMatch(/^Free space there, then try again: what has arrived is kept/);
    // What is no error of the system is left to those who know it.
    expect(diskError(DataError, '/cache/file.bin', new CancelledError())).toBeNull();
  });

  it('ends when the user cancels, keeps what it has and is continued', async () => {
    const cancel = new AbortController();
    faults({ type: 'slow', chunkBytes: 50_000, pauseMs: 50 });
    const onProgress = (done: number) => done >= 50_000 && cancel.abort();
    const wanted = options({ signal: cancel.signal, onProgress });
    await expect(downloadFile(wanted)).rejects.toBeInstanceOf(CancelledError);
    expect(readdirSync(dirname(wanted.destination)).sort()).toEqual([
      'file.bin.incomplete',
      'file.bin.incomplete.json',
    ]);
    expect((await downloadFile({ ...wanted, signal: undefined, onProgress: undefined })).sha256).toBe(sha256);
    expect(ranges().at(-1)).toMatch(/^bytes=\d{5,}-$/);
  });
});

describe('the token', () => {
  it('goes to the host it was meant for and to no other, whatever that one redirects to', async () => {
    hub.fault = ({ server, path }: FakeRequest) =>
      server === 'hub' && path === '/file.bin'
        ? { type: 'redirect', location: `${hub.storageEndpoint}/file.bin` }
        : null;
    await downloadFile(options({ headers: { Authorization: 'Bearer secret' } }));
    expect(hub.requests.map(({ server, headers }) => [server, headers.authorization])).toEqual([
      ['hub', 'Bearer secret'],
      ['storage', undefined],
    ]);
  });

  it('stays with redirects on the same host', async () => {
    faults({ type: 'redirect', location: '/file.bin' });
    await downloadFile(options({ headers: { authorization: 'Bearer secret' } }));
    expect(hub.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret', 'Bearer secret']);
  });
});
