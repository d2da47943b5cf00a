/** Reads what is taken into memory whole, such as JSON, however large or strange it is. */
import { readFile, stat } from 'node:fs/promises';

/** A file that is too large to be what it should be, or none at all, such as a device; its message follows the path. */
export class UnfitFileError extends Error {}

/** Gives the bytes of a file. @throws {UnfitFileError}; the system's error when it cannot be read */
export async function readSmallFile(path: string, maxBytes: number): Promise<Buffer> {
  const status = await stat(path);
  // A device such as /dev/zero would be read for ever. Of a folder the system says what it is.
  if (!status.isFile() && !status.isDirectory()) throw new UnfitFileError('is no file, but a device or a pipe');
  if (status.size > maxBytes) throw new UnfitFileError(`has ${status.size} bytes, at most ${maxBytes} are read`);
  return await readFile(path);
}

/**
 * Gives the bytes of what may also be a pipe, or unpacked on the way, where no size tells beforehand how many there are.
 * @throws {UnfitFileError}; what the chunks throw
 */
export async function gatherBytes(chunks: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const gathered: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes) throw new UnfitFileError(`has more than the ${maxBytes} bytes that are read at most`);
    gathered.push(chunk);
  }
  return Buffer.concat(gathered);
}
