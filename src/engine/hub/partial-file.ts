/**
 * A file on its way: `<destination>.incomplete`, and beside it what the server called the version that its first bytes
 * came from, so that another process can go on where a killed one stopped.
 */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { flush } from '../files/flush.ts';
import { errorCode } from '../files/system-error.ts';

/** What a whole file must be; nothing is checked that is not given. */
export interface ExpectedFile {
  readonly sizeBytes?: number;
  /** Hex. */
  readonly sha256?: string;
  /** Name that git gives a file of this content, hex; needs `sizeBytes`. */
  readonly gitSha1?: string;
}

/** The version of a file at a server: a strong ETag or a Last-Modified, for If-Range. */
export interface Version {
  readonly url: string;
  readonly validator: string;
}

const READ_SIZE = 1 << 20;

export class PartialFile {
  length = 0;
  version: Version | null = null;
  readonly path: string;
  readonly #destination: string;
  readonly #expected: ExpectedFile;
  readonly #file: FileHandle;
  #digests: Digests;

  private constructor(destination: string, expected: ExpectedFile, file: FileHandle) {
    this.path = incompletePath(destination);
    this.#destination = destination;
    this.#expected = expected;
    this.#file = file;
    this.#digests = new Digests(expected);
  }

  /**
   * Opens what is there of the file, or begins it.
   *
   * Bytes of an earlier process are kept when a checksum will vouch for the whole, or when it is known which version of
   * `url` they came from.
   */
  static async open(destination: string, url: string, expected: ExpectedFile): Promise<PartialFile> {
    const file = await open(incompletePath(destination), 'a+').then(async (made) => {
      await made.close();
      return await open(incompletePath(destination), 'r+');
    });
    const partial = new PartialFile(destination, expected, file);
    try {
      const version = await readVersion(destination);
      partial.version = version?.url === url ? version : null;
      if (partial.version !== null || hasChecksum(expected)) await partial.#digestAll();
      else await partial.restart();
      return partial;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const left = bytes.length - written;
      written += (await this.#file.write(bytes, written, left, this.length + written)).bytesWritten;
    }
    this.#digests.update(bytes);
    this.length += bytes.length;
  }

  /** Throws away what has arrived. */
  async restart(): Promise<void> {
    await this.#file.truncate(0);
    await this.keepVersion(null);
    this.#digests = new Digests(this.#expected);
    this.length = 0;
  }

  async keepVersion(version: Version | null): Promise<void> {
    if (version?.url === this.version?.url && version?.validator === this.version?.validator) return;
    this.version = version;
    if (version === null) await rm(versionPath(this.#destination), { force: true });
    else await writeFile(versionPath(this.#destination), JSON.stringify(version));
  }

  /** Says in which way the file is not as expected; null when it is. Call it once, at the end. */
  findFault(): string | null {
    return findFault(this.#expected, this.length, this.#digests.finish());
  }

  /** Flushes the file to the disk and gives it its name. @returns its sha256 */
  async finish(): Promise<string> {
    await this.#file.sync();
    await rename(this.path, this.#destination);
    await rm(versionPath(this.#destination), { force: true });
    await flush(dirname(this.#destination));
    return this.#digests.finish().sha256;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Reads what has arrived once more: a digest cannot be taken up where another process left it. */
  async #digestAll(): Promise<void> {
    this.length = await digestInto(this.#digests, this.#file);
  }
}

/** Compares a whole file with what is expected. @returns its sha256 and its fault, or null when there is no such file */
export async function inspectFile(
  path: string,
  expected: ExpectedFile,
): Promise<{ sha256: string; fault: string | null } | null> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    const digests = new Digests(expected);
    const length = await digestInto(digests, file);
    return { sha256: digests.finish().sha256, fault: findFault(expected, length, digests.finish()) };
  } finally {
    await file.close();
  }
}

function hasChecksum({ sha256, gitSha1 }: ExpectedFile): boolean {
  return sha256 !== undefined || gitSha1 !== undefined;
}

interface Sums {
  readonly sha256: string;
  readonly gitSha1: string | null;
}

class Digests {
  readonly #sha256 = createHash('sha256');
  readonly #git: Hash | null;
  #sums: Sums | null = null;

  constructor({ gitSha1, sizeBytes }: ExpectedFile) {
    // git hashes a header before the content: "blob", the size in decimal, a zero byte.
    this.#git = gitSha1 === undefined ? null : createHash('sha1').update(`blob ${sizeBytes}\0`);
  }

  update(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#git?.update(bytes);
  }

  finish(): Sums {
    this.#sums ??= {
      sha256: this.#sha256.digest('hex'),
      gitSha1: this.#git?.digest('hex') ?? null,
    };
    return this.#sums;
  }
}

async function digestInto(digests: Digests, file: FileHandle): Promise<number> {
  const buffer = Buffer.allocUnsafe(READ_SIZE);
  let position = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, READ_SIZE, position);
    if (bytesRead === 0) return position;
    digests.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}

function findFault({ sizeBytes, ...sums }: ExpectedFile, length: number, found: Sums): string | null {
  if (sizeBytes !== undefined && length !== sizeBytes) return `it has ${length} bytes, expected ${sizeBytes}`;
  for (const name of ['sha256', 'gitSha1'] as const) {
    const wanted = sums[name]?.toLowerCase();
    if (wanted !== undefined && found[name] !== wanted)
      return `its ${name === 'gitSha1' ? 'git sha1' : name} is ${found[name]}, expected ${wanted}`;
  }
  return null;
}

async function readVersion(destination: string): Promise<Version | null> {
  try {
    const value: unknown = JSON.parse(await readFile(versionPath(destination), 'utf8'));
    if (typeof value !== 'object' || value === null || !('url' in value) || !('validator' in value)) return null;
    const { url, validator } = value;
    return typeof url === 'string' && typeof validator === 'string' ? { url, validator } : null;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

function incompletePath(destination: string): string {
  return `${destination}.incomplete`;
}

function versionPath(destination: string): string {
  return `${destination}.incomplete.json`;
}
