/** Writes a file so that it is there whole or not at all, whatever happens: full disk, crash, power cut. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { ModelError } from '../../errors.ts';
import { flush } from './flush.ts';
import { errorCode, errorText } from './system-error.ts';

/** Largest piece of one write: the system takes at most 2 GiB. */
const WRITE_SIZE = 2 ** 28;

/**
 * Lets `produce` write a file piece by piece under a temporary name beside `destination`, flushes it to the disk, and
 * renames it. A file already there is replaced, or stays as it is when something fails.
 *
 * @throws {ModelError} when the system refuses, with its error as cause; what `produce` throws passes through
 */
export async function writeWhole(
  destination: string,
  produce: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const temporary = `${destination}.${process.pid}.unfinished`;
  try {
    await rm(temporary, { force: true }); // of a process that died, or a link that leads elsewhere
    const file = await open(temporary, 'wx', 0o600); // models are of runs, which are for their owner only
    try {
      await produce((bytes) => writeAll(file, bytes));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, destination);
    await flush(path.dirname(destination));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error tells more than this one
    if (errorCode(cause) === null) throw cause;
    throw new ModelError(`${destination} cannot be written: ${errorText(cause)}.`, { cause, hint: hintFor(cause) });
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, Math.min(WRITE_SIZE, bytes.length - written));
    written += bytesWritten;
  }
}

function hintFor(cause: unknown): string {
  const code = errorCode(cause);
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return 'Free space on this disk, then try again.';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'Create the directory first.';
  return 'Check that the directory is writable.';
}
