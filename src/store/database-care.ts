/** What is done to the store's file as a whole, without the rows: check it, shrink it, set it aside. */
import { existsSync, readdirSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { connectReadOnly } from './connect-read-only.ts';
import { withStoreErrors } from './sqlite-error.ts';

/** The database and the files that SQLite keeps beside it. */
export const PARTS = ['', '-wal', '-shm', '-journal'];
const MAX_FAULTS = 20;

/** Gives back what SQLite finds wrong with the file, at most 20 lines; none for a sound one. Changes nothing. */
export function databaseFaults(path: string): string[] {
  try {
    const database = connectReadOnly(path);
    try {
      const said = database.prepare(`PRAGMA integrity_check(${MAX_FAULTS})`).pluck().all().map(String);
      const faults = said.filter((line) => line !== 'ok');
      if (faults.length > 0) return faults;
      const dangling = database.prepare('PRAGMA foreign_key_check').all().length;
      return dangling === 0 ? [] : [`${dangling} rows refer to others that are not there`];
    } finally {
      database.close();
    }
  } catch (error) {
    if (isDamage(error)) return [error.message];
    throw error;
  }
}

/** Says whether SQLite found the file itself damaged. */
export function isDamage(error: unknown): error is Error {
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
}

/** Gives the space of deleted rows back to the disk. @returns the size of the file before and after, bytes */
export function vacuum(path: string): { beforeBytes: number; afterBytes: number } {
  return withStoreErrors(path, () => {
    const database = new Database(path, { fileMustExist: true, timeout: 10_000 });
    try {
      const sizeBytes = () =>
        Number(database.pragma('page_count', { simple: true })) *
        Number(database.pragma('page_size', { simple: true }));
      const beforeBytes = sizeBytes();
      database.exec('VACUUM');
      database.pragma('wal_checkpoint(TRUNCATE)');
      return { beforeBytes, afterBytes: sizeBytes() };
    } finally {
      database.close();
    }
  });
}

/** Renames the database with its log, as far as they are there. @returns its new path, null when nothing was there */
export function setAside(path: string, now: number): string | null {
  const time = new Date(now).toISOString().replaceAll(/[:.]/g, '-');
  const aside = `${path}.damaged-${time}`;
  // The log first: with the database gone a log that stays would be taken for that of the new one.
  const parts = PARTS.toReversed().filter((part) => existsSync(`${path}${part}`));
  for (const part of parts) renameSync(`${path}${part}`, `${aside}${part}`);
  return parts.length === 0 ? null : aside;
}

/** Gives back the newest file that `setAside` left beside the store and that is not empty, null for none. */
export function newestSetAside(path: string): string | null {
  const prefix = `${basename(path)}.damaged-`;
  const newest = namesBeside(path)
    .filter((name) => name.startsWith(prefix) && /^[\dTZ-]+$/.test(name.slice(prefix.length)))
    .map((name) => join(dirname(path), name))
    .filter((file) => !isEmptyOrGone(file))
    .sort()
    .at(-1);
  return newest ?? null;
}

/** Says whether there is not one byte at a path. */
export function isEmptyOrGone(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

export interface HalfMadeFile {
  readonly path: string;
  /** Of the process that made it. */
  readonly pid: number;
}

/** Gives back files beside the store that a program is making, or that a killed one left half made. */
export function halfMadeFiles(path: string): HalfMadeFile[] {
  const prefix = basename(path);
  return namesBeside(path).flatMap((name): HalfMadeFile[] => {
    const pid = /\.(?:unfinished|rebuilding)-(\d+)/.exec(name)?.[1];
    return name.startsWith(prefix) && pid !== undefined ? [{ path: join(dirname(path), name), pid: Number(pid) }] : [];
  });
}

function namesBeside(path: string): string[] {
  return existsSync(dirname(path)) ? readdirSync(dirname(path)) : [];
}
