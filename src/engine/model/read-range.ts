/** Reads one stretch of an open file into memory of its own. */
import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '../../errors.ts';

/** Largest piece of one read: the system gives at most 2 GiB. */
const READ_SIZE = 2 ** 28;

/**
 * Gives `length` bytes from `start` on, at the beginning of a buffer of their own.
 *
 * @param path names the file in errors
 * @throws {ModelError} when the file ends before
 */
export async function readRange(
  file: FileHandle,
  path: string,
  start: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, Math.min(READ_SIZE, length - filled), start + filled);
    if (bytesRead === 0) {
      throw new ModelError(`${path} ended at byte ${start + filled} while it was read up to ${start + length}.`, {
        hint: 'Something changed the file meanwhile; try again when it is whole.',
      });
    }
    filled += bytesRead;
  }
  return bytes;
}
