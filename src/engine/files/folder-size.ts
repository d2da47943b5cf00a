import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './system-error.ts';

/** The bytes of all files below a folder, links not followed; what goes away meanwhile, or all of it, counts nothing. */
export async function folderSize(folder: string): Promise<number> {
  const entries = await unlessGone(readdir(folder, { recursive: true, withFileTypes: true }), []);
  let sizeBytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    sizeBytes += (await unlessGone(lstat(join(entry.parentPath, entry.name)), { size: 0 })).size;
  }
  return sizeBytes;
}

/** A run that goes on removes checkpoints. */
async function unlessGone<T, Otherwise>(asked: Promise<T>, otherwise: Otherwise): Promise<T | Otherwise> {
  return await asked.catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return otherwise;
    throw error;
  });
}
