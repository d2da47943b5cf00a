import { statfs } from 'node:fs/promises';

/** Gives the bytes that are free for this user on the disk of a folder; null where the system does not say. */
export async function freeBytesIn(folder: string): Promise<number | null> {
  const system = await statfs(folder).catch(() => null);
  return system === null ? null : system.bavail * system.bsize;
}
