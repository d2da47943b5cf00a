/** The records of a zip file, as PyTorch writes them: not compressed, so that they are read where they lie. */
import type { FileHandle } from 'node:fs/promises';
import { type Entry, fromRandomAccessReaderPromise, getFileNameLowLevel, validateFileName } from 'yauzl';
import { ModelError } from '../../../errors.ts';
import { errorText } from '../../files/system-error.ts';
import { ZipFileReader } from '../../files/zip-file-reader.ts';
import { damagedFile, quoted, unsupportedFile } from './file-faults.ts';

export interface ZipRecords {
  readonly names: readonly string[];
  /** Gives where a record's bytes begin in the file and how many there are, or null when there is no such record. */
  locate(name: string): Promise<{ readonly start: number; readonly sizeBytes: number } | null>;
}

/** PyTorch writes one record for each tensor and a handful more. */
const MAX_RECORDS = 20_000;

/**
 * Gives the records of a zip file by its central directory. The checksums are not verified: PyTorch does not either,
 * and can be told to write none.
 *
 * @param size bytes of the file
 * @throws {ModelError} when the directory is damaged, or a record has a path that leads elsewhere or is compressed
 */
export async function readZipRecords(file: FileHandle, path: string, size: number): Promise<ZipRecords> {
  try {
    const zip = await fromRandomAccessReaderPromise(new ZipFileReader(file, size), size, {
      autoClose: false,
      lazyEntries: true,
      decodeStrings: false,
    });
    if (zip.entryCount > MAX_RECORDS) {
      throw unsupportedFile(path, `has ${zip.entryCount} records, expected at most ${MAX_RECORDS}`);
    }
    const records = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) {
      const name = checkedName(entry, path);
      if (records.has(name)) throw damagedFile(path, `it has the record ${quoted(name)} twice`);
      records.set(name, entry);
    }
    return {
      names: [...records.keys()],
      async locate(name) {
        const entry = records.get(name);
        if (entry === undefined) return null;
        const { fileDataStart } = await zip
          .readLocalFileHeaderPromise(entry, { minimal: true })
          .catch((cause: unknown) => Promise.reject(notWhole(path, cause)));
        return { start: fileDataStart, sizeBytes: entry.uncompressedSize };
      },
    };
  } catch (cause) {
    throw cause instanceof ModelError ? cause : notWhole(path, cause);
  }
}

function checkedName(entry: Entry, path: string): string {
  const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);
  const where = `record ${quoted(name)} at byte ${entry.relativeOffsetOfLocalHeader}`;
  if (validateFileName(name) !== null) throw damagedFile(path, `its ${where} has a path that leads out of it`);
  if (entry.compressionMethod !== 0 || entry.isEncrypted()) {
    throw unsupportedFile(
      path,
      `has the compressed ${where} (${entry.compressedSize} bytes said to become ${entry.uncompressedSize}), which PyTorch does not write`,
    );
  }
  return name;
}

function notWhole(path: string, cause: unknown): ModelError {
  return damagedFile(path, `as a zip file it cannot be read: ${errorText(cause)}`, cause);
}
