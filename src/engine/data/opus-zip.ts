/** The members of an OPUS archive, unpacked as they are read. Names are compared whole and never used as paths. */
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, type ZipFile } from 'yauzl';
import { DataError } from '../../errors.ts';
import { openFile } from '../files/open-file.ts';
import { UnfitFileError } from '../files/read-small-file.ts';
import { ZipFileReader } from '../files/zip-file-reader.ts';
import type { ByteSource } from './read-bytes.ts';

/** An OPUS archive has five members, text that packs to a quarter; what goes far beyond was made to exhaust a machine. */
const MAX_MEMBERS = 10_000;
const MAX_RATIO = 200;

/**
 * Finds members of a zip file. Close the archive when they have been read.
 * @throws {DataError} when it is no zip file, a member is missing, encrypted or packed beyond belief
 */
export async function openZipMembers(
  path: string,
  names: readonly string[],
): Promise<{ members: ByteSource[]; close: () => Promise<void> }> {
  let file: FileHandle | null = null;
  try {
    file = await openFile(path);
    const opened = file;
    const { size } = await file.stat();
    // With decodeStrings a name such as ../x would make the whole archive unreadable; here it is a name not asked for.
    const options = { lazyEntries: true, autoClose: false, decodeStrings: false } as const;
    const archive = await fromRandomAccessReaderPromise(new ZipFileReader(file, size), size, options);
    if (archive.entryCount > MAX_MEMBERS) throw zipError(path, `it has ${archive.entryCount} members`);
    const entries = new Map<string, Entry>();
    for await (const entry of archive.eachEntry()) {
      const name = entry.fileNameRaw.toString('utf8');
      if (names.includes(name)) entries.set(name, entry);
    }
    const members = names.map((name) => memberOf(archive, path, name, entries.get(name)));
    return { members, close: () => opened.close() };
  } catch (error) {
    await file?.close();
    if (error instanceof UnfitFileError) throw new DataError(`${path} ${error.message}.`, { cause: error });
    throw error instanceof DataError ? error : zipError(path, messageOf(error), error);
  }
}

function memberOf(archive: ZipFile, path: string, name: string, entry: Entry | undefined): ByteSource {
  if (entry === undefined) throw zipError(path, `it has no member ${name}`);
  if (!entry.canDecodeFileData()) throw zipError(path, `${name} is encrypted or packed in a way that is not known`);
  if (entry.uncompressedSize > MAX_RATIO * Math.max(entry.compressedSize, 1024)) {
    throw zipError(path, `${name} would unpack from ${entry.compressedSize} to ${entry.uncompressedSize} bytes`);
  }
  const shownName = `${path}:${name}`;
  return { name: shownName, open: () => readMember(archive, path, entry, name) };
}

async function* readMember(archive: ZipFile, path: string, entry: Entry, name: string): AsyncGenerator<Buffer> {
  try {
    const stream: Readable = await archive.openReadStreamPromise(entry);
    let checksum = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
    // yauzl checks the size only.
    if (checksum !== entry.crc32)
      throw zipError(path, `${name}: its checksum is ${hex(checksum)}; expected ${hex(entry.crc32)}`);
  } catch (error) {
    throw error instanceof DataError ? error : zipError(path, `${name}: ${messageOf(error)}`, error);
  }
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0');
}

function zipError(path: string, what: string, cause?: unknown): DataError {
  return new DataError(`${path} cannot be read as an OPUS archive: ${what}.`, {
    hint: `Check it with: unzip -t ${path}`,
    cause,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
