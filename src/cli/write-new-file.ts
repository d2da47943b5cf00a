/** Writes what a user wants to keep, and never over something else unasked. */
import { renameSync, writeFileSync } from 'node:fs';
import { ConfigError } from '../errors.ts';

/**
 * Writes a text file, over one that exists only when `overwrites`; that one is replaced whole or not at all.
 *
 * @returns whether it was written: false when the file exists
 * @throws {ConfigError} when it cannot be written
 */
export function writeNewFile(path: string, text: string, overwrites: boolean): boolean {
  try {
    const target = overwrites ? `${path}.${process.pid}.tmp` : path;
    writeFileSync(target, text, { flag: 'wx' });
    if (overwrites) renameSync(target, path);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'EEXIST' && !overwrites) return false;
    throw new ConfigError(`${path} cannot be written: ${error.message}`, [], { cause: error });
  }
}
