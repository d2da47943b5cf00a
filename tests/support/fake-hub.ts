/**
 * A Hugging Face hub on this machine: two servers that speak its protocol, one the hub, the other the storage that it
 * redirects to for large files. A test says what goes wrong by `fault`, and sees who asked for what in `requests`.
 * More of the protocol is added as a route: it answers a request or hands it on with null.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface FakeRepository {
  readonly type: 'model' | 'dataset';
  readonly id: string;
  /** Branches and tags with their commits; the files are those of each of them. */
  refs: Record<string, string>;
  readonly files: Map<string, FakeFile>;
  access: 'public' | 'private' | 'gated';
  /** Whether the listing tells sizes and names of contents; some mirrors do not. */
  tellsContents: boolean;
}

export interface FakeFile {
  readonly bytes: Buffer;
  /** Kept in the other server, under its sha256. */
  readonly isLarge: boolean;
}

export interface FakeRequest {
  readonly server: 'hub' | 'storage';
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What goes wrong with one answer. */
export type Fault =
  | { readonly type: 'status'; readonly status: number; readonly headers?: OutgoingHttpHeaders }
  /** The connection ends after so many bytes of the body. */
  | { readonly type: 'cut'; readonly afterBytes: number }
  /** One bit of the body is another. */
  | { readonly type: 'damage' }
  /** The body is another one. */
  | { readonly type: 'replace'; readonly bytes: Buffer }
  /** Ranges are not known: always the whole. */
  | { readonly type: 'no-ranges' }
  /** The body comes slowly, or stops coming at all. */
  | { readonly type: 'slow'; readonly chunkBytes: number; readonly pauseMs: number }
  | { readonly type: 'etag'; readonly etag: string }
  | { readonly type: 'redirect'; readonly location: string };

export interface Answer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

export type Route = (request: FakeRequest) => Answer | null | Promise<Answer | null>;

export interface FakeHub {
  readonly endpoint: string;
  readonly storageEndpoint: string;
  readonly requests: FakeRequest[];
  readonly repositories: FakeRepository[];
  /** Asked before the routes of reading. */
  readonly routes: Route[];
  /** The only token that may see what is private or gated. */
  readonly token: string;
  /** Says after how many bytes of a request's body the connection ends; null, the default, for none. */
  cut: (message: IncomingMessage) => number | null;
  /** Says what goes wrong with a request; nothing by default. */
  fault: (request: FakeRequest) => Fault | null;
  close(): Promise<void>;
}

/** Starts both servers on free ports. */
export async function startFakeHub(): Promise<FakeHub> {
  const requests: FakeRequest[] = [];
  const storage = createServer((message, response) => void serve('storage', message, response));
  const hubServer = createServer((message, response) => void serve('hub', message, response));
  const hub: FakeHub = {
    endpoint: await listen(hubServer),
    storageEndpoint: await listen(storage),
    requests,
    repositories: [],
    routes: [],
    token: `hf_${randomUUID().replaceAll('-', '')}`,
    cut: () => null,
    fault: () => null,
    async close() {
      for (const server of [hubServer, storage]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };

  async function serve(server: 'hub' | 'storage', message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(server, message, hub.cut(message));
    if (request === null) return;
    requests.push(request);
    const fault = hub.fault(request);
    if (fault?.type === 'status') return void response.writeHead(fault.status, fault.headers).end();
    if (fault?.type === 'redirect') return void response.writeHead(302, { location: fault.location }).end();
    const answer = await answerTo(hub, request);
    await send(answer, { request, response, fault });
  }
  return hub;
}

/** Adds a repository with one commit on its branch main. */
export function addRepository(
  hub: FakeHub,
  {
    id,
    files,
    ...rest
  }: Pick<FakeRepository, 'id'> & Partial<FakeRepository> & { readonly files: Map<string, FakeFile> },
): FakeRepository {
  const commit = createHash('sha1').update(`${id} ${hub.repositories.length}`).digest('hex');
  const repository: FakeRepository = {
    type: 'model',
    refs: { main: commit },
    access: 'public',
    tellsContents: true,
    ...rest,
    id,
    files,
  };
  hub.repositories.push(repository);
  return repository;
}

/** The name of a content in the cache: sha256 of a large one, git's sha1 of a small one. */
export function contentName({ bytes, isLarge }: FakeFile): string {
  if (isLarge) return createHash('sha256').update(bytes).digest('hex');
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

async function answerTo(hub: FakeHub, request: FakeRequest): Promise<Answer> {
  for (const route of hub.routes) {
    const answer = await route(request);
    if (answer !== null) return answer;
  }
  if (request.server === 'storage') return fromStorage(hub, request);
  return (
    listing(hub, request) ?? refs(hub, request) ?? search(hub, request) ?? resolveFile(hub, request) ?? notFound('')
  );
}

/** The storage trusts the signature in the address, and refuses who shows a token on top, as S3 does. */
function fromStorage(hub: FakeHub, { path, query, headers }: FakeRequest): Answer {
  if (query.get('signature') !== 'sesame' || headers.authorization !== undefined) return { status: 400 };
  const file = hub.repositories
    .flatMap(({ files }) => [...files.values()])
    .find((one) => one.isLarge && `/${contentName(one)}` === path);
  return file === undefined
    ? { status: 404 }
    : { status: 200, headers: { etag: `"s3-${path.slice(1, 9)}"` }, body: file.bytes };
}

function listing(hub: FakeHub, { method, path, query, headers }: FakeRequest): Answer | null {
  const found = /^\/api\/(model|dataset)s\/(.+)\/revision\/([^/]+)$/.exec(path);
  if (found === null || method !== 'GET') return null;
  const [, type = '', id = '', revision = ''] = found;
  const repository = find(hub, { type, id, authorization: headers.authorization });
  if ('status' in repository) return repository;
  const commit = commitOf(repository, decodeURIComponent(revision));
  if (commit === null) return notFound('RevisionNotFound');
  const isFull = query.get('blobs') === 'true' && repository.tellsContents;
  const siblings = [...repository.files].map(([rfilename, file]) => {
    if (!isFull) return { rfilename };
    const { length: size } = file.bytes;
    const blobId = contentName({ ...file, isLarge: false });
    const lfs = file.isLarge ? { sha256: contentName(file), size, pointerSize: 134 } : undefined;
    return { rfilename, size, blobId, lfs };
  });
  return json({ id, sha: commit, private: repository.access === 'private', siblings });
}

function refs(hub: FakeHub, { path, headers }: FakeRequest): Answer | null {
  const [, type = '', id = ''] = /^\/api\/(model|dataset)s\/(.+)\/refs$/.exec(path) ?? [];
  if (id === '') return null;
  const repository = find(hub, { type, id, authorization: headers.authorization });
  if ('status' in repository) return repository;
  const branches = Object.entries(repository.refs).map(([name, targetCommit]) => ({ name, targetCommit }));
  return json({ branches, tags: [], converts: [] });
}

function search(hub: FakeHub, { path, query }: FakeRequest): Answer | null {
  const type = /^\/api\/(model|dataset)s$/.exec(path)?.[1];
  const word = (query.get('search') ?? '').toLowerCase();
  if (type === undefined) return null;
  const found = hub.repositories.filter((one) => one.type === type && one.access === 'public');
  return json(found.filter(({ id }) => id.toLowerCase().includes(word)).map(({ id }) => ({ id })));
}

function resolveFile(hub: FakeHub, { path, headers }: FakeRequest): Answer | null {
  const found = /^\/(datasets\/)?([^/]+(?:\/[^/]+)?)\/resolve\/([^/]+)\/(.+)$/.exec(path);
  if (found === null) return null;
  const [, prefix, id = '', revision = '', name = ''] = found;
  const type = prefix === undefined ? 'model' : 'dataset';
  const repository = find(hub, { type, id, authorization: headers.authorization });
  if ('status' in repository) return repository;
  const commit = commitOf(repository, decodeURIComponent(revision));
  if (commit === null) return notFound('RevisionNotFound');
  const file = repository.files.get(decodeURIComponent(name));
  const xHeaders = { 'x-repo-commit': commit };
  if (file === undefined)
    return { ...notFound('EntryNotFound'), headers: { ...xHeaders, 'x-error-code': 'EntryNotFound' } };
  const etag = `"${contentName(file)}"`;
  if (!file.isLarge) return { status: 200, headers: { ...xHeaders, etag }, body: file.bytes };
  return {
    status: 302,
    headers: {
      ...xHeaders,
      'x-linked-etag': etag,
      'x-linked-size': file.bytes.length,
      location: `${hub.storageEndpoint}/${contentName(file)}?signature=sesame`,
    },
  };
}

function find(
  hub: FakeHub,
  { type, id, authorization }: { type: string; id: string; authorization: string | undefined },
): FakeRepository | Answer {
  if (authorization !== undefined && authorization !== `Bearer ${hub.token}`) {
    return { status: 401, headers: { 'x-error-message': 'Invalid credentials in Authorization header' } };
  }
  const repository = hub.repositories.find((one) => one.type === type && one.id === id);
  const isKnown = authorization !== undefined;
  if (repository === undefined || (repository.access === 'private' && !isKnown))
    return isKnown ? notFound('RepoNotFound') : { status: 401, headers: { 'x-error-code': 'RepoNotFound' } };
  if (repository.access === 'gated' && !isKnown) return { status: 401, headers: { 'x-error-code': 'GatedRepo' } };
  return repository;
}

function commitOf({ refs: known }: FakeRepository, revision: string): string | null {
  return known[revision] ?? Object.values(known).find((commit) => commit === revision) ?? null;
}

function notFound(code: string): Answer {
  return { status: 404, headers: code === '' ? {} : { 'x-error-code': code } };
}

/** Answers with JSON. */
export function json(value: unknown): Answer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(value)) };
}

/** @returns null when the connection was to end before the whole body was here, or did */
async function readRequest(
  server: 'hub' | 'storage',
  message: IncomingMessage,
  cutAfterBytes: number | null,
): Promise<FakeRequest | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of message) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (cutAfterBytes !== null && length >= cutAfterBytes) message.socket.destroy();
    }
  } catch {
    return null;
  }
  const { pathname: path, searchParams: query } = new URL(message.url ?? '/', 'http://host');
  return {
    server,
    method: message.method ?? 'GET',
    path,
    query,
    headers: message.headers,
    body: Buffer.concat(chunks),
  };
}

/** Sends an answer, in part when the request asks for a range, or spoilt. */
async function send(
  { status, headers = {}, body = Buffer.alloc(0) }: Answer,
  { request, response, fault }: { request: FakeRequest; response: ServerResponse; fault: Fault | null },
): Promise<void> {
  const whole = spoil(body, fault);
  const etag = fault?.type === 'etag' ? fault.etag : headers.etag;
  const sent: OutgoingHttpHeaders = { ...headers, ...(etag === undefined ? {} : { etag }) };
  const from = rangeStart(request, etag, fault);
  if (status === 200 && from !== null && from >= whole.length) {
    response.writeHead(416, { ...sent, 'content-range': `bytes */${whole.length}` }).end();
    return;
  }
  const isPart = status === 200 && from !== null;
  if (isPart) sent['content-range'] = `bytes ${from}-${whole.length - 1}/${whole.length}`;
  const part = isPart ? whole.subarray(from) : whole;
  response.writeHead(isPart ? 206 : status, { ...sent, 'content-length': part.length });
  if (request.method === 'HEAD') response.end();
  else if (fault?.type === 'cut') await sendAndCut(part.subarray(0, fault.afterBytes), response);
  else if (fault?.type === 'slow') await sendSlowly(part, response, fault);
  else response.end(part);
}

/** What is on its way when a connection breaks is lost: the pause lets it arrive. */
async function sendAndCut(bytes: Buffer, response: ServerResponse): Promise<void> {
  response.write(bytes);
  await sleep(20);
  response.destroy();
}

async function sendSlowly(
  bytes: Buffer,
  response: ServerResponse,
  { chunkBytes, pauseMs }: { chunkBytes: number; pauseMs: number },
): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at += chunkBytes) {
    response.write(bytes.subarray(at, at + chunkBytes));
    await sleep(pauseMs, undefined, { ref: false });
  }
  response.end();
}

function spoil(bytes: Buffer, fault: Fault | null): Buffer {
  if (fault?.type === 'replace') return fault.bytes;
  if (fault?.type !== 'damage') return bytes;
  const damaged = Buffer.from(bytes);
  damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1;
  return damaged;
}

function rangeStart({ headers }: FakeRequest, etag: unknown, fault: Fault | null): number | null {
  const from = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
  if (from === undefined || fault?.type === 'no-ranges') return null;
  const condition = headers['if-range'];
  return condition === undefined || condition === etag ? Number(from) : null;
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
