import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder for its owner only, and those above it that are missing.
 * Not `mkdirSync(path, { recursive: true })`: below /proc, where a folder says ENOENT although the one above it exists,
 * Node 24 goes up and down between the two for ever.
 *
 * @throws the file system's own error, when a folder cannot be made or something else has its name
 */
export function makeFolders(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeFolders(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another program may just have made it.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
