import { open } from 'node:fs/promises';

/** Waits until a file is on the disk, or of a folder the names in it, so that a rename lasts through a power cut. */
export async function flush(path: string): Promise<void> {
  if (process.platform === 'win32') return; // which opens no folders, and flushes no file that was opened to be read
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
