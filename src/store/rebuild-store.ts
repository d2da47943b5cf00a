/** Makes a new store of what can be read of a damaged one and of the journals of the runs. */
import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { copyRun, type ReadableRun, readableRuns } from './copy-run.ts';
import { flushPath } from './flush-path.ts';
import { isOfAnotherRun } from './foreign-journal.ts';
import { journalPath } from './journal.ts';
import { migrate } from './migrate.ts';
import { type JournalSummary, type ParseEnvelope, summarizeJournal } from './read-journal.ts';
import { recordedRuns } from './recorded-runs.ts';
import { replayJournal } from './replay-journal.ts';
import { isOfOneRun, toStoreError } from './sqlite-error.ts';

/** Where the rows of a run come from now. */
export interface RebuiltRun {
  readonly id: string;
  readonly from: 'journal' | 'store' | 'both' | 'nowhere';
  /** Why its journal could not be used, null where it could or there is none. */
  readonly trouble: string | null;
}

/** What is known of a run before it is rebuilt. */
interface Sources {
  readonly id: string;
  /** Null without one that begins with the making of the run. */
  readonly journal: JournalSummary | null;
  readonly trouble: string | null;
  /** What the damaged store says of it, null where that cannot be read. */
  readonly stored: ReadableRun | null;
}

/**
 * Puts a new store at `path`, whole or not at all.
 *
 * @param damaged  the old store, set aside; null when there is none
 * @throws the file system's and SQLite's errors; then there is none at `path`
 */
export function rebuildStore(
  path: string,
  damaged: string | null,
  parseEnvelope: ParseEnvelope,
  now: () => number,
): RebuiltRun[] {
  const unfinished = `${path}.rebuilding-${process.pid}`;
  const old = damaged === null ? null : openDamaged(damaged);
  rmSync(unfinished, { force: true });
  closeSync(openSync(unfinished, 'wx', 0o600));
  const database = new Database(unfinished);
  try {
    database.pragma('foreign_keys = ON');
    migrate(database, path, now);
    const rebuilt = findSources(path, old, parseEnvelope).map((sources) => {
      const { id } = sources;
      const make = (from: Sources) => rebuild(database, old, from, join(dirname(path), 'runs', id), parseEnvelope);
      const made = orTrouble(path, () => make(sources));
      if ('value' in made) return { id, from: made.value, trouble: sources.trouble };
      // What the old store has of the run is better than nothing.
      return { id, from: make({ ...sources, journal: null }), trouble: made.trouble };
    });
    database.close();
    flushPath(unfinished);
    renameSync(unfinished, path);
    flushPath(dirname(path));
    return rebuilt;
  } finally {
    database.close();
    old?.close();
    for (const part of ['', '-wal', '-shm', '-journal']) rmSync(`${unfinished}${part}`, { force: true });
  }
}

/** Gives back the runs in the order in which they were made, as far as that is known. */
function findSources(path: string, old: Database.Database | null, parseEnvelope: ParseEnvelope): Sources[] {
  const stored = old === null ? new Map<string, ReadableRun>() : readableRuns(old);
  const runsDirectory = join(dirname(path), 'runs');
  const ids = new Set<string>([...stored.keys(), ...recordedRuns(runsDirectory)]);
  const sources = [...ids].map((id): Sources => {
    const file = journalPath(join(runsDirectory, id));
    const read = orTrouble(file, () => (existsSync(file) ? summarizeJournal(file, parseEnvelope) : null));
    const found = stored.get(id) ?? null;
    const journal = 'value' in read && read.value?.createdAt != null ? read.value : null;
    if (journal !== null && found !== null && isOfAnotherRun(journal, found.createdAt)) {
      return { id, journal: null, trouble: `it is that of another run, ${journal.id}`, stored: found };
    }
    return { id, journal, trouble: 'trouble' in read ? read.trouble : null, stored: found };
  });
  const age = ({ journal, stored: found }: Sources) => [journal?.createdAt ?? 0, found?.number ?? 0] as const;
  return sources.sort((a, b) => {
    if (a.stored !== null && b.stored !== null) return a.stored.number - b.stored.number;
    return age(a)[0] - age(b)[0] || age(a)[1] - age(b)[1];
  });
}

/** Gives back what `work` gives, or why it cannot. @throws what is not the fault of one run, such as a full disk */
function orTrouble<T>(path: string, work: () => T): { readonly value: T } | { readonly trouble: string } {
  try {
    return { value: work() };
  } catch (error) {
    if (!isOfOneRun(error)) throw error;
    const told = toStoreError(error, path);
    return { trouble: told instanceof Error ? told.message : String(told) };
  }
}

function rebuild(
  database: Database.Database,
  old: Database.Database | null,
  { id, journal, stored }: Sources,
  directory: string,
  parseEnvelope: ParseEnvelope,
): RebuiltRun['from'] {
  const isAhead = journal !== null && (stored === null || journal.lastSeq >= stored.lastSeq);
  const isWhole = isAhead && journal.damagedLines === 0 && journal.missingEvents === 0;
  if (isAhead) replayJournal(database, directory, parseEnvelope);
  if (isWhole || old === null || stored === null) return isAhead ? 'journal' : 'nowhere';
  const { isThere } = copyRun(old, database, stored.number, id);
  if (!isAhead && journal !== null) addFromJournal(database, id, directory, parseEnvelope);
  if (isAhead || (journal !== null && !isThere)) return isThere ? 'both' : 'journal';
  return isThere ? (journal === null ? 'store' : 'both') : 'nowhere';
}

/** Adds rows that the journal has and the store lost. */
function addFromJournal(
  database: Database.Database,
  id: string,
  directory: string,
  parseEnvelope: ParseEnvelope,
): void {
  const replayed = new Database(':memory:');
  try {
    migrate(replayed, ':memory:', () => 0);
    const key = replayJournal(replayed, directory, parseEnvelope);
    if (key !== null) copyRun(replayed, database, key, id);
  } finally {
    replayed.close();
  }
}

/** Gives the old store, null when not even its first page makes sense. */
function openDamaged(path: string): Database.Database | null {
  const database = new Database(path);
  try {
    database.prepare('SELECT count(*) FROM sqlite_master').get();
    return database;
  } catch {
    database.close();
    return null;
  }
}
