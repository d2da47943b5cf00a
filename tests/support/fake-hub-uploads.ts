/**
 * The half of the fake hub that takes uploads: whoami, making repositories and branches, preupload, LFS with single and
 * multipart transfers, verification, commits. It is as strict as the real one: only the token may write, the storage wants
 * its own signature and no token, a commit must name its branch's newest one and large files that are in the storage.
 */
import { createHash } from 'node:crypto';
import {
  type Answer,
  addRepository,
  type FakeFile,
  type FakeHub,
  type FakeRepository,
  type FakeRequest,
  json,
} from './fake-hub.ts';

export interface FakeUploads {
  /** Contents in the storage, by sha256. */
  readonly stored: Map<string, Buffer>;
  /** Messages of the commits, oldest first. */
  readonly commits: string[];
  /** Files above this go in parts; default none. */
  partBytes: number;
  /** Whether uploads are to be verified. */
  verifies: boolean;
  /** Names that preupload says are ignored. */
  readonly ignored: string[];
  /** Said to the first so many tries to commit: that somebody else just did. */
  conflicts: number;
}

export const OWNER = 'me';

/** Makes the hub take uploads. */
export function takeUploads(hub: FakeHub): FakeUploads {
  const uploads: FakeUploads = {
    stored: new Map(),
    commits: [],
    partBytes: Number.POSITIVE_INFINITY,
    verifies: true,
    ignored: [],
    conflicts: 0,
  };
  const parts = new Map<string, Buffer[]>();
  hub.routes.push((request) =>
    request.server === 'storage'
      ? storage(request, uploads, parts)
      : (whoami(hub, request) ??
        createRepository(hub, request) ??
        createBranch(hub, request) ??
        preupload(hub, request, uploads) ??
        lfsBatch(hub, request, uploads) ??
        complete(request, uploads, parts) ??
        verify(hub, request, uploads) ??
        commit(hub, request, uploads)),
  );
  return uploads;
}

function whoami(hub: FakeHub, request: FakeRequest): Answer | null {
  if (request.path !== '/api/whoami-v2') return null;
  return forbidden(hub, request) ?? json({ type: 'user', name: OWNER });
}

function createRepository(hub: FakeHub, request: FakeRequest): Answer | null {
  if (request.method !== 'POST' || request.path !== '/api/repos/create') return null;
  const refusal = forbidden(hub, request);
  if (refusal !== null) return refusal;
  const { organization, name, visibility, type } = JSON.parse(request.body.toString());
  const id = `${organization ?? OWNER}/${name}`;
  if (hub.repositories.some((one) => one.id === id)) return { status: 409 };
  const readme: FakeFile = { bytes: Buffer.from('*.safetensors filter=lfs\n'), isLarge: false };
  const access = visibility === 'private' ? 'private' : 'public';
  addRepository(hub, { id, type, access, files: new Map([['.gitattributes', readme]]) });
  return json({ url: `${hub.endpoint}/${id}`, name: id });
}

function createBranch(hub: FakeHub, request: FakeRequest): Answer | null {
  const [, id = '', branch = ''] = /^\/api\/models\/(.+)\/branch\/([^/]+)$/.exec(request.path) ?? [];
  if (id === '') return null;
  const repository = find(hub, request, id);
  if ('status' in repository) return repository;
  const name = decodeURIComponent(branch);
  if (repository.refs[name] !== undefined) return { status: 409 };
  repository.refs[name] = repository.refs.main ?? '';
  return { status: 200 };
}

/** What the real hub's .gitattributes say of a model's files. */
function isLarge(name: string, bytes: number): boolean {
  return /\.(safetensors|spm|bin)$/.test(name) || bytes > 10e6;
}

function preupload(hub: FakeHub, request: FakeRequest, { ignored }: FakeUploads): Answer | null {
  const id = /^\/api\/models\/(.+)\/preupload\/[^/]+$/.exec(request.path)?.[1];
  if (id === undefined) return null;
  const repository = find(hub, request, id);
  if ('status' in repository) return repository;
  const asked: { path: string; size: number; sample: string }[] = JSON.parse(request.body.toString()).files;
  const files = asked.map(({ path, size }) => ({
    path,
    uploadMode: isLarge(path, size) ? 'lfs' : 'regular',
    shouldIgnore: ignored.includes(path),
    oid: null,
  }));
  return json({ files });
}

function lfsBatch(hub: FakeHub, request: FakeRequest, uploads: FakeUploads): Answer | null {
  const id = /^\/(.+)\.git\/info\/lfs\/objects\/batch$/.exec(request.path)?.[1];
  if (id === undefined) return null;
  const repository = find(hub, request, id);
  if ('status' in repository) return repository;
  const { objects, hash_algo } = JSON.parse(request.body.toString());
  if (hash_algo !== 'sha256') return { status: 422 };
  return json({
    transfer: 'basic',
    objects: objects.map(({ oid, size }: { oid: string; size: number }) => {
      if (uploads.stored.has(oid)) return { oid, size };
      const verification = uploads.verifies ? { verify: { href: `${hub.endpoint}/api/complete/verify` } } : {};
      return { oid, size, actions: { upload: uploadAction(hub, uploads, oid, size), ...verification } };
    }),
  });
}

function uploadAction(hub: FakeHub, { partBytes }: FakeUploads, oid: string, size: number) {
  const address = `${hub.storageEndpoint}/${oid}`;
  if (size <= partBytes) return { href: `${address}?signature=sesame` };
  const count = Math.ceil(size / partBytes);
  const urls = Array.from({ length: count }, (_, index) => [
    String(index + 1).padStart(5, '0'),
    `${address}?part=${index + 1}&signature=sesame`,
  ]);
  return {
    href: `${hub.endpoint}/api/complete/${oid}?signature=sesame`,
    header: { chunk_size: String(partBytes), ...Object.fromEntries(urls.toReversed()) },
  };
}

/** As S3: keeps what comes, whatever it is, and names it by its md5. */
function storage(request: FakeRequest, { stored }: FakeUploads, parts: Map<string, Buffer[]>): Answer | null {
  const { method, path, query, headers, body } = request;
  if (method !== 'PUT') return null;
  if (query.get('signature') !== 'sesame' || headers.authorization !== undefined) return { status: 403 };
  if (headers['content-length'] !== String(body.length)) return { status: 411 };
  const oid = path.slice(1);
  const part = query.get('part');
  if (part === null) stored.set(oid, body);
  else {
    const list = parts.get(oid) ?? [];
    list[Number(part) - 1] = body;
    parts.set(oid, list);
  }
  return { status: 200, headers: { etag: etagOf(body) } };
}

function complete(request: FakeRequest, { stored }: FakeUploads, parts: Map<string, Buffer[]>): Answer | null {
  const oid = /^\/api\/complete\/([0-9a-f]{64})$/.exec(request.path)?.[1];
  if (oid === undefined) return null;
  if (request.query.get('signature') !== 'sesame' || request.headers.authorization !== undefined)
    return { status: 403 };
  const arrived = parts.get(oid) ?? [];
  const told: { partNumber: number; etag: string }[] = JSON.parse(request.body.toString()).parts;
  const areSame =
    told.length === arrived.length &&
    told.every(({ partNumber, etag }) => etag === etagOf(arrived[partNumber - 1] ?? Buffer.alloc(0)));
  if (!areSame) return { status: 400, headers: { 'x-error-message': 'InvalidPart' } };
  stored.set(oid, Buffer.concat(arrived));
  return json({});
}

function verify(hub: FakeHub, request: FakeRequest, { stored }: FakeUploads): Answer | null {
  if (request.path !== '/api/complete/verify') return null;
  const refusal = forbidden(hub, request);
  if (refusal !== null) return refusal;
  const { oid, size } = JSON.parse(request.body.toString());
  const bytes = stored.get(oid);
  if (bytes?.length === size && sha256(bytes ?? Buffer.alloc(0)) === oid) return json({});
  stored.delete(oid);
  return { status: 422, headers: { 'x-error-message': 'what arrived is not what was announced' } };
}

interface CommitLine {
  readonly key: string;
  readonly value: Readonly<Record<string, string>>;
}

function commit(hub: FakeHub, request: FakeRequest, uploads: FakeUploads): Answer | null {
  const [, id = '', branch = ''] = /^\/api\/models\/(.+)\/commit\/([^/]+)$/.exec(request.path) ?? [];
  if (id === '') return null;
  const repository = find(hub, request, id);
  if ('status' in repository) return repository;
  const name = decodeURIComponent(branch);
  if (uploads.conflicts > 0) {
    uploads.conflicts -= 1;
    repository.refs[name] = sha1(`somebody else's ${uploads.conflicts}`);
  }
  const lines: CommitLine[] = request.body
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const header = lines.find(({ key }) => key === 'header')?.value ?? {};
  if (header.parentCommit !== undefined && header.parentCommit !== repository.refs[name])
    return {
      status: 412,
      headers: { 'x-error-message': 'A commit has happened since. Please refresh and try again.' },
    };
  for (const { key, value } of lines) {
    const { path = '', oid = '', content = '' } = value;
    const bytes = key === 'lfsFile' ? uploads.stored.get(oid) : Buffer.from(content, 'base64');
    if (bytes === undefined) return { status: 400, headers: { 'x-error-message': `${path} was not uploaded` } };
    if (key !== 'header') repository.files.set(path, { bytes, isLarge: key === 'lfsFile' });
  }
  uploads.commits.push(header.summary ?? '');
  const commitOid = sha1(`commit ${uploads.commits.length} of ${id}`);
  repository.refs[name] = commitOid;
  return json({ commitOid, commitUrl: `${hub.endpoint}/${id}/commit/${commitOid}`, success: true });
}

function forbidden(hub: FakeHub, { headers }: FakeRequest): Answer | null {
  if (headers.authorization === `Bearer ${hub.token}`) return null;
  return { status: 401, headers: { 'x-error-message': `Invalid credentials: ${headers.authorization}` } };
}

function find(hub: FakeHub, request: FakeRequest, id: string): FakeRepository | Answer {
  const refusal = forbidden(hub, request);
  const repository = hub.repositories.find((one) => one.id === id);
  return refusal ?? repository ?? { status: 404, headers: { 'x-error-code': 'RepoNotFound' } };
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
