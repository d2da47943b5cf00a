/**
 * Brings a database to the newest version: `PRAGMA user_version` counts the migrations applied, the table `migrations`
 * says which and when. All steps that are missing are one transaction, so a killed program leaves the old store or the new
 * one, and a copy of the old one is kept beside it.
 */
import { chmodSync, renameSync, rmSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { StoreError } from '../errors.ts';
import { type Migration, migrations } from './migrations.ts';

/** "BLEU" in ASCII, in SQLite's application_id: tells our files from other programs' databases. */
const APPLICATION_ID = 0x424c4555;

export const STORE_VERSION = migrations.length;

/** Gives back the number of migrations applied to a database of ours, 0 for an empty file. @throws {StoreError} foreign or newer */
export function readVersion(database: Database, path: string, steps: readonly Migration[] = migrations): number {
  // One moment for all three: another program may be making the store.
  const read = database.transaction(() => ({
    version: Number(database.pragma('user_version', { simple: true })),
    applicationId: Number(database.pragma('application_id', { simple: true })),
    tables: Number(database.prepare('SELECT count(*) FROM sqlite_master').pluck().get()),
  }));
  const { version, applicationId, tables } = read();
  if (applicationId !== APPLICATION_ID && (version !== 0 || tables !== 0)) {
    throw new StoreError(`${path} is an SQLite database of another program, not a bleubird store.`, {
      hint: 'Choose another folder with --store DIR or BLEUBIRD_STORE.',
    });
  }
  if (version > steps.length) {
    throw new StoreError(
      `The store ${path} has version ${version}; this bleubird knows versions up to ${steps.length}.`,
      { hint: 'Upgrade bleubird to the version that wrote it, or choose another store with --store DIR.' },
    );
  }
  return version;
}

/** Applies the steps that are missing. @throws {StoreError} when the database is foreign or newer */
export function migrate(database: Database, path: string, now: () => number, steps = migrations): void {
  const version = readVersion(database, path, steps);
  if (version === steps.length) return;
  if (version > 0 && !database.memory) keepCopy(database, `${path}.version-${version}`);
  const apply = database.transaction(() => {
    // Read again under the write lock: another program may have applied them in the meantime.
    const applied = readVersion(database, path, steps);
    for (const [index, step] of steps.entries()) {
      if (index < applied) continue;
      if (index === 0) createRecord(database);
      database.exec(step.sql);
      database.prepare('INSERT INTO migrations VALUES (?, ?, ?)').run(index + 1, step.name, now());
      database.pragma(`user_version = ${index + 1}`);
    }
  });
  apply.immediate();
}

/** Two programs may do it at once: each under a name of its own, and a whole copy is replaced by a whole one. */
function keepCopy(database: Database, path: string): void {
  const unfinished = `${path}.unfinished-${process.pid}`;
  rmSync(unfinished, { force: true });
  try {
    database.prepare('VACUUM INTO ?').run(unfinished);
    chmodSync(unfinished, 0o600);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

function createRecord(database: Database): void {
  database.pragma(`application_id = ${APPLICATION_ID}`);
  database.exec(
    'CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT',
  );
}
