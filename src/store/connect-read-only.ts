/** Opening the store's file to read it only. */
import { readFileSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';

/**
 * Gives back a connection that changes nothing, wherever the file lies. SQLite writes beside a database in WAL mode even to
 * read it; where it cannot, the file is read into memory.
 *
 * @param timeout  how long to wait for another program's lock, milliseconds
 * @throws SQLite's errors
 */
export function connectReadOnly(path: string, timeout = 5_000): Database.Database {
  const database = new Database(path, { readonly: true, fileMustExist: true, timeout });
  try {
    database.prepare('SELECT count(*) FROM sqlite_master').get();
    return database;
  } catch (error) {
    database.close();
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const cannotShare = /^SQLITE_(CANTOPEN|READONLY|FULL|IOERR_SHM)/.test(code); // in a folder that takes nothing, on a full disk
    if (!cannotShare || hasPendingLog(path)) throw error;
    return new Database(withoutLog(readFileSync(path)), { readonly: true });
  }
}

/** Bytes 18 and 19 of the header say how to write and read (SQLite file format 1.3.3): 1 plain, 2 with a log. */
function withoutLog(file: Buffer): Buffer {
  file.fill(1, 18, 20);
  return file;
}

/** A log that was not written back yet would be left out. */
function hasPendingLog(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
