/** Brings a path to the disk. */
import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Waits until a file is on the disk, or of a folder the names in it. @throws the file system's error */
export function flushPath(path: string): void {
  if (process.platform === 'win32') return; // which opens no folders, and flushes no file that was opened to be read
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
