/** Opens what is read here and there, such as weights: a file, since a pipe would let its reader wait and a device go on for ever. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { UnfitFileError } from './read-small-file.ts';

/** Gives the file, opened to be read; who asked closes it. @throws {UnfitFileError}; the system's error when it cannot be opened */
export async function openFile(path: string): Promise<FileHandle> {
  const status = await stat(path);
  // Of a folder the system says what it is, when it is read.
  if (!status.isFile() && !status.isDirectory()) throw new UnfitFileError('is no file, but a device or a pipe');
  return await open(path, 'r');
}
