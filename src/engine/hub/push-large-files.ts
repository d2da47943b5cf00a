/**
 * Brings large files into the hub's storage by the LFS protocol with the hub's multipart transfer, before a commit names
 * them. What the storage has already is not sent.
 * https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md; huggingface_hub 1.x, lfs.py
 */
import * as z from 'zod';
import { ModelError } from '../../errors.ts';
import type { PushConnection } from './push-connection.ts';
import { HubRefusal } from './push-errors.ts';
import type { LocalFile } from './push-file.ts';

const LFS_HEADERS = { accept: 'application/vnd.git-lfs+json', 'content-type': 'application/vnd.git-lfs+json' };
const OBJECTS_AT_ONCE = 100;
/** How often a file whose upload was refused is begun anew: signed addresses expire. */
const UPLOADS = 3;

const action = z.object({ href: z.url(), header: z.record(z.string(), z.coerce.string()).default({}) });
const lfsObject = z.object({
  oid: z.string(),
  error: z.object({ message: z.string() }).optional(),
  /** None for an object that the storage has. */
  actions: z.object({ upload: action.optional(), verify: action.optional() }).nullish(),
});
const batchAnswer = z.object({ objects: z.array(lfsObject) });

type Action = z.infer<typeof action>;
type LfsObject = z.infer<typeof lfsObject>;

/**
 * Uploads what the storage has not.
 *
 * @param onProgress  called as bytes leave; falls when a part is sent again
 * @returns how many bytes were to be sent
 */
export async function pushLargeFiles(
  connection: PushConnection,
  files: readonly LocalFile[],
  { branch, onProgress }: { readonly branch: string; onProgress?(doneBytes: number, totalBytes: number): void },
): Promise<number> {
  const distinct = files.filter(({ sha256 }, index) => files.findIndex((file) => file.sha256 === sha256) === index);
  const missing: { file: LocalFile; object: LfsObject }[] = [];
  for (let at = 0; at < distinct.length; at += OBJECTS_AT_ONCE) {
    const some = distinct.slice(at, at + OBJECTS_AT_ONCE);
    const objects = await askForUploads(connection, some, branch);
    for (const [index, file] of some.entries()) {
      const object = objects[index];
      if (object?.actions?.upload !== undefined) missing.push({ file, object });
    }
  }
  const totalBytes = missing.reduce((sum, { file }) => sum + file.sizeBytes, 0);
  let doneBytes = 0;
  const onBytes = (count: number) => {
    doneBytes += count;
    onProgress?.(doneBytes, totalBytes);
  };
  for (const { file, object } of missing) await pushFile(connection, file, { object, branch, onBytes });
  return totalBytes;
}

/** Gives the hub's instruction for each file. @throws {ModelError} when it does not take one */
async function askForUploads(
  connection: PushConnection,
  files: readonly LocalFile[],
  branch: string,
): Promise<LfsObject[]> {
  const { id, endpoint } = connection.options;
  const answer = await connection.ask(
    `/${id}.git/info/lfs/objects/batch`,
    {
      operation: 'upload',
      transfers: ['basic', 'multipart'],
      objects: files.map(({ sha256: oid, sizeBytes: size }) => ({ oid, size })),
      hash_algo: 'sha256',
      ref: { name: branch },
    },
    LFS_HEADERS,
  );
  const objects = batchAnswer.safeParse(answer).data?.objects ?? [];
  return files.map(({ name, sha256 }) => {
    const object = objects.find(({ oid }) => oid === sha256);
    if (object === undefined) throw notAHub(endpoint, `no word on ${name}`);
    if (object.error === undefined) return object;
    throw new ModelError(`The hub does not take ${name}: ${object.error.message}.`);
  });
}

export function notAHub(endpoint: string, what: string): ModelError {
  return new ModelError(`${endpoint} did not answer as a hub does: ${what}.`, {
    hint: 'Check HF_ENDPOINT, and whether a proxy on the way wants a login.',
  });
}

interface FileContext {
  readonly object: LfsObject;
  readonly branch: string;
  /** Called with the bytes that left; with fewer than none for those that leave once more. */
  onBytes(count: number): void;
}

/** Uploads one file; one whose upload is refused, with new addresses. */
async function pushFile(connection: PushConnection, file: LocalFile, context: FileContext): Promise<void> {
  let object: LfsObject | undefined = context.object;
  for (let attempt = 1; ; attempt++) {
    let sentBytes = 0;
    const onBytes = (count: number) => {
      sentBytes += count;
      context.onBytes(count);
    };
    const upload = object?.actions?.upload;
    const verify = object?.actions?.verify;
    try {
      if (upload !== undefined) await uploadFile(connection, file, atEndpoint(upload, connection), onBytes);
      if (verify !== undefined) await verifyFile(connection, file, atEndpoint(verify, connection));
      return;
    } catch (error) {
      if (!(error instanceof HubRefusal) || attempt === UPLOADS) throw error;
      context.onBytes(-sentBytes);
      [object] = await askForUploads(connection, [file], context.branch);
    }
  }
}

/** A mirror of the hub may hand on addresses of the hub itself, as huggingface_hub expects. */
function atEndpoint({ href, header }: Action, { options }: PushConnection): Action {
  return { href: href.replace(/^https:\/\/huggingface\.co(?=\/)/, options.endpoint), header };
}

async function uploadFile(
  connection: PushConnection,
  file: LocalFile,
  { href, header }: Action,
  onBytes: (count: number) => void,
): Promise<void> {
  const { chunk_size: chunkSize, ...headers } = header;
  if (chunkSize === undefined) {
    await sendPart(connection, file, { url: href, headers, start: 0, end: file.sizeBytes, onBytes });
    return;
  }
  const size = Number(chunkSize);
  const urls = Object.keys(header)
    .filter((key) => /^\d+$/.test(key))
    .sort((a, b) => Number(a) - Number(b))
    .map((key) => header[key] ?? '');
  if (!(size > 0) || urls.length !== Math.ceil(file.sizeBytes / size) || !urls.every((url) => URL.canParse(url)))
    throw notAHub(connection.options.endpoint, `parts that do not make up ${file.name}`);
  const parts: { partNumber: number; etag: string }[] = [];
  for (const [index, url] of urls.entries()) {
    const [start, end] = [index * size, Math.min((index + 1) * size, file.sizeBytes)];
    const etag = await sendPart(connection, file, { url, headers: {}, start, end, onBytes });
    if (etag === null || etag === '') throw notAHub(new URL(url).origin, `no ETag for a part of ${file.name}`);
    parts.push({ partNumber: index + 1, etag });
  }
  const body = JSON.stringify({ oid: file.sha256, parts });
  const finish = { method: 'POST', headers: LFS_HEADERS, body: () => body, isSigned: true } as const;
  await connection.retrying(() => connection.once(href, finish));
}

interface Part {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly start: number;
  readonly end: number;
  onBytes(count: number): void;
}

/** @returns the ETag of what arrived */
async function sendPart(
  connection: PushConnection,
  file: LocalFile,
  { url, headers, start, end, onBytes }: Part,
): Promise<string | null> {
  return await connection.retrying(async () => {
    let sentBytes = 0;
    async function* body(): AsyncGenerator<Uint8Array> {
      for await (const piece of file.read(start, end)) {
        yield piece;
        sentBytes += piece.length;
        onBytes(piece.length);
      }
    }
    try {
      const length = { 'content-length': String(end - start) };
      const answer = await connection.once(url, {
        method: 'PUT',
        headers: { ...headers, ...length },
        body,
        isSigned: true,
      });
      return answer.headers.get('etag');
    } catch (error) {
      onBytes(-sentBytes);
      throw error;
    }
  });
}

/** Asks whether what arrived is what was sent. */
async function verifyFile(connection: PushConnection, file: LocalFile, { href, header }: Action): Promise<void> {
  const body = JSON.stringify({ oid: file.sha256, size: file.sizeBytes });
  const headers = { ...LFS_HEADERS, ...header };
  await connection.retrying(() => connection.once(href, { method: 'POST', headers, body: () => body }));
}
