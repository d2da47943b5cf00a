/** A file on its way to the hub: its name there, its bytes, and what git and LFS call a file of this content. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ModelError } from '../../errors.ts';

/** What is to be pushed, from the disk or as text. */
export interface PushFile {
  /** Path in the repository, with slashes. */
  readonly name: string;
  readonly content: { readonly path: string } | { readonly text: string };
}

export interface LocalFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** Hex; the name of the content as a large file. */
  readonly sha256: string;
  /** Hex; the name of the content as a file of git's own. */
  readonly gitSha1: string;
  /** The first 512 bytes, from which the hub tells text from binary. */
  readonly sample: Buffer;
  /** Gives the bytes from `start` up to `end`, in pieces. */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
}

const SAMPLE_BYTES = 512;
const PIECE_BYTES = 1 << 18;

/** Looks through a file. @throws {ModelError} when it cannot be read */
export async function readLocalFile({ name, content }: PushFile): Promise<LocalFile> {
  try {
    const { sizeBytes, read } = 'path' in content ? await openPath(content.path) : openText(content.text);
    const sha256 = createHash('sha256');
    // git hashes a header before the content: "blob", the size in decimal, a zero byte.
    const gitSha1 = createHash('sha1').update(`blob ${sizeBytes}\0`);
    const sample: Uint8Array[] = [];
    for await (const piece of read(0, sizeBytes)) {
      if (sample.length === 0) sample.push(piece.subarray(0, SAMPLE_BYTES));
      sha256.update(piece);
      gitSha1.update(piece);
    }
    const sums = { sha256: sha256.digest('hex'), gitSha1: gitSha1.digest('hex') };
    return { name, sizeBytes, ...sums, sample: Buffer.concat(sample), read };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`${name} cannot be read to be pushed: ${why}.`, { cause });
  }
}

/** Gives the whole content of a small file. */
export async function readWhole({ read, sizeBytes }: LocalFile): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of read(0, sizeBytes)) pieces.push(piece);
  return Buffer.concat(pieces);
}

type Content = Pick<LocalFile, 'sizeBytes' | 'read'>;

async function openPath(path: string): Promise<Content> {
  const { size } = await stat(path);
  return { sizeBytes: size, read: (start, end) => readPath(path, start, end) };
}

async function* readPath(path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  // `end` of a stream is the last byte, so that none cannot be said.
  if (end > start) yield* createReadStream(path, { start, end: end - 1, highWaterMark: PIECE_BYTES });
}

function openText(text: string): Content {
  const bytes = Buffer.from(text);
  return {
    sizeBytes: bytes.length,
    async *read(start, end) {
      if (end > start) yield bytes.subarray(start, end);
    },
  };
}
