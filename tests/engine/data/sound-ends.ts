import { writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { DataError } from '../../../src/errors.ts';
import { temporaryFiles } from './temporary-files.ts';

/** The beginnings of a file, each `step` bytes longer than the one before, without the whole. */
export function prefixes(whole: Buffer, step = 1): Buffer[] {
  return Array.from({ length: Math.ceil(whole.length / step) }, (_, index) => whole.subarray(0, index * step));
}

/**
 * Reads each variant of a file and sees to it that reading ends in a result or a DataError.
 * @returns how many of each there were
 */
export async function countEnds(
  variants: readonly Uint8Array[],
  name: string,
  read: (directory: string, path: string) => Promise<unknown>,
): Promise<{ read: number; refused: number }> {
  await using files = await temporaryFiles({});
  const counts = { read: 0, refused: 0 };
  for (const variant of variants) {
    await writeFile(files.path(name), variant);
    try {
      await read(files.directory, files.path(name));
      counts.read += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(DataError);
      counts.refused += 1;
    }
  }
  return counts;
}
