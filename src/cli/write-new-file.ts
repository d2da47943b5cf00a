/** Writes what a user wants to keep, and never over something else unasked. */
import { realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { exists, isFile } from '../engine/files/file-kind.ts';
import { ConfigError } from '../errors.ts';

/**
 * Writes a text file, over one that exists only when `overwrites`; that one is replaced whole or not at all, the one a link
 * leads to where it is a link. What is no file, such as a pipe, is then written to. Nothing half written stays.
 *
 * @returns whether it was written: false when the file exists
 * @throws {ConfigError} when it cannot be written
 */
export function writeNewFile(path: string, text: string, overwrites: boolean): boolean {
  try {
    if (!overwrites || !exists(path)) create(path, text);
    else if (isFile(path)) replace(realpathSync(path), text);
    else writeFileSync(path, text);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'EEXIST' && !overwrites) return false;
    throw new ConfigError(`${path} cannot be written: ${error.message}`, [], { cause: error });
  }
}

function replace(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  create(temporary, text);
  renameSync(temporary, path);
}

function create(path: string, text: string): void {
  writeFileSync(path, '', { flag: 'wx' });
  try {
    writeFileSync(path, text);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}
