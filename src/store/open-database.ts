/**
 * Opens the store's SQLite file: creates and upgrades it for writers, leaves it untouched for readers, and refuses a
 * file that is damaged, newer, foreign or out of reach with words that help.
 */
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { StoreError } from '../errors.ts';
import { connectReadOnly } from './connect-read-only.ts';
import { newestSetAside } from './database-care.ts';
import { useWriteAheadLog } from './journal-mode.ts';
import { makeFolders } from './make-folders.ts';
import { migrate, readVersion, STORE_VERSION } from './migrate.ts';
import { recordedRuns } from './recorded-runs.ts';
import { damagedStore, lostStore, withStoreErrors } from './sqlite-error.ts';

export interface OpenDatabaseOptions {
  readonly readOnly: boolean;
  readonly busyTimeoutMs: number;
  readonly now: () => number;
}

export interface OpenedDatabase {
  readonly database: Database.Database;
  readonly warnings: readonly string[];
}

/** A store that must be upgraded before it can be read, which whoever may write it does by opening it. */
export class OlderStoreError extends StoreError {}

/** A run whose runner gives no sign of life for longer than this did not end cleanly; runners beat every second. */
const SILENCE_MS = 5_000;

/** About what is checked in 50 ms. Of larger files only the tables that are read first are. */
const QUICK_CHECK_BYTES = 16 << 20;
const FIRST_TABLES = ['runs', 'run_details', 'comparisons', 'migrations'];

/** Gives back the open database; the caller closes it. @throws {StoreError} */
export function openDatabase(path: string, options: OpenDatabaseOptions): OpenedDatabase {
  return withStoreErrors(path, () =>
    options.readOnly ? openForReading(path, options) : openForWriting(path, options),
  );
}

function openForWriting(path: string, { busyTimeoutMs, now }: OpenDatabaseOptions): OpenedDatabase {
  if (!exists(path)) assertNothingLost(path);
  createPrivately(path);
  const database = new Database(path, { timeout: busyTimeoutMs });
  return closeOnError(database, () => {
    // Before anything is written: a foreign or newer file stays as it is.
    if (readVersion(database, path) === 0) assertNothingLost(path, () => readVersion(database, path) === 0);
    const warning = useWriteAheadLog(database, path, busyTimeoutMs);
    database.pragma('synchronous = NORMAL');
    database.pragma('foreign_keys = ON');
    migrate(database, path, now);
    checkAfterUncleanEnd(database, path, now());
    return { database, warnings: warning === null ? [] : [warning] };
  });
}

function openForReading(path: string, options: OpenDatabaseOptions): OpenedDatabase {
  if (!exists(path)) return openNew(path, options, () => !exists(path));
  const database = connectReadOnly(path, options.busyTimeoutMs);
  return closeOnError(database, () => {
    const version = readVersion(database, path);
    if (version === 0) {
      const opened = openNew(path, options, () => readVersion(database, path) === 0);
      database.close();
      return opened;
    }
    if (version < STORE_VERSION) {
      throw new OlderStoreError(
        `The store ${path} is of an older bleubird: it has version ${version}, this one reads ${STORE_VERSION}.`,
        { hint: 'bleubird ls upgrades it, where it can be written, and keeps the old file beside it.' },
      );
    }
    checkAfterUncleanEnd(database, path, options.now());
    return { database, warnings: [] };
  });
}

/** What a reader sees where no store is made yet; another program may be making it. */
function openNew(path: string, options: OpenDatabaseOptions, isStillEmpty: () => boolean): OpenedDatabase {
  assertNothingLost(path, isStillEmpty);
  if (!isStillEmpty()) return openForReading(path, options);
  return { database: emptyDatabase(path, options.now), warnings: [] };
}

function createPrivately(path: string): void {
  makeFolders(dirname(path));
  // SQLite opens a file it may not write for reading only and fails much later: ask first.
  accessSync(dirname(path), constants.W_OK);
  closeSync(openSync(path, 'a', 0o600));
}

function exists(path: string): boolean {
  try {
    if (statSync(path).isFile()) return true;
    throw new StoreError(`The store ${path} is not a file.`, {
      hint: 'Move it aside, or choose another folder with --store DIR or BLEUBIRD_STORE.',
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** A store without runs. */
function emptyDatabase(path: string, now: () => number): Database.Database {
  const database = new Database(':memory:');
  migrate(database, path, now);
  database.pragma('query_only = ON');
  return database;
}

/** A new store in place of one with runs would hide them. `isStillEmpty`: another program may be making the store. */
function assertNothingLost(path: string, isStillEmpty = () => true): void {
  const { length } = recordedRuns(join(dirname(path), 'runs'));
  const setAside = newestSetAside(path);
  if ((length > 0 || setAside !== null) && isStillEmpty()) throw lostStore(path, length, setAside);
}

/** A run without a sign of life tells of a crash: of its runner, or of the machine. */
function checkAfterUncleanEnd(database: Database.Database, path: string, now: number): void {
  const silent = database
    .prepare("SELECT 1 FROM runs WHERE state IN ('pending', 'running') AND coalesce(heartbeat_at, created_at) < ?")
    .get(now - SILENCE_MS);
  if (silent === undefined) return;
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const checks = sizeBytes <= QUICK_CHECK_BYTES ? ['1'] : FIRST_TABLES;
  for (const what of checks) {
    const said = String(database.pragma(`quick_check(${what})`, { simple: true }));
    if (said !== 'ok') throw damagedStore(path, said);
  }
}

function closeOnError<T>(database: Database.Database, work: () => T): T {
  try {
    return work();
  } catch (error) {
    database.close();
    throw error;
  }
}
