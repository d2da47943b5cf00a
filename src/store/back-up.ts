/** Copies the store's file as a whole, never over something else unasked. */
import { closeSync, linkSync, lstatSync, openSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { AppError, ConfigError, StoreError } from '../errors.ts';
import { connectReadOnly } from './connect-read-only.ts';
import { isDamage, PARTS } from './database-care.ts';
import { damagedStore, toStoreError, withStoreErrors } from './sqlite-error.ts';
import { identityOfFile } from './store.ts';

export interface BackUpOptions {
  /** Replace a file that exists at the destination, whole or not at all. */
  readonly overwrites?: boolean;
}

/**
 * Copies the store while others use it, and checks the copy. @returns the size of the copy, bytes
 * @throws {ConfigError} when the destination exists and is not to be replaced, or is the store itself
 * @throws {StoreError} naming the store or the copy, whichever is the cause
 */
export async function backUp(
  path: string,
  destination: string,
  { overwrites = false }: BackUpOptions = {},
): Promise<number> {
  assertNotOfStore(path, destination);
  if (!overwrites && lstatSync(destination, { throwIfNoEntry: false }) !== undefined) throw existingCopy(destination);
  const unfinished = `${destination}.unfinished-${process.pid}`;
  const database = withStoreErrors(path, () => connectReadOnly(path));
  try {
    // For its user alone, like the store; where there is no such folder this is what says so.
    closeSync(openSync(unfinished, 'wx', 0o600));
    await database.backup(unfinished);
    const copy = new Database(unfinished);
    copy.pragma('journal_mode = DELETE'); // one file, whole without a log beside it
    const said = String(copy.pragma('quick_check(1)', { simple: true })); // pages are copied as they are, damage too
    copy.close();
    if (said !== 'ok') throw damagedStore(path, said);
    if (overwrites) renameSync(unfinished, destination);
    else giveNewName(unfinished, destination);
    return statSync(destination).size;
  } catch (error) {
    throw isDamage(error) ? toStoreError(error, path) : unwrittenCopy(error, destination);
  } finally {
    database.close();
    for (const part of PARTS) rmSync(`${unfinished}${part}`, { force: true });
  }
}

/** Also through a link or another spelling: the copy would replace what it is made of, or a log that SQLite needs. */
function assertNotOfStore(path: string, destination: string): void {
  const store = [path, realPath(path)].flatMap((file) => PARTS.map((part) => `${file}${part}`));
  const isOne = store.some((file) => {
    const identity = identityOfFile(file);
    return realPath(file) === realPath(destination) || (identity !== null && identity === identityOfFile(destination));
  });
  if (!isOne) return;
  throw new ConfigError(`${destination} is a file of the store itself: it is not copied over itself.`, [], {
    hint: 'Name a file in another folder, or leave the name out.',
  });
}

/** As far as it is there, without links; what is not there stays as it is spelled. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(resolve(path));
    return parent === resolve(path) ? parent : join(realPath(parent), basename(path));
  }
}

/** A plain rename would replace what somebody put there meanwhile. */
function giveNewName(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) throw existingCopy(to);
    renameSync(from, to); // a file system without hard links
  }
}

function existingCopy(destination: string): ConfigError {
  return new ConfigError(`${destination} exists already: the store is not copied over it.`, [], {
    hint: 'Choose another name, or give --overwrite.',
  });
}

function unwrittenCopy(error: unknown, destination: string): unknown {
  if (error instanceof AppError || !(error instanceof Error && 'code' in error)) return error;
  return new StoreError(`The copy ${destination} cannot be written: ${error.message} (${error.code}).`, {
    hint: 'Name a file in a folder that is there, where you can write and that has room for the store.',
    cause: error,
  });
}
