/**
 * A journal that somebody has put into the folder of another run. A run is known by the moment it was made, not by its name:
 * its folder may have been copied under another.
 */
import { existsSync } from 'node:fs';
import { type JournalSummary, readJournal, summarizeJournal } from './read-journal.ts';

/** Says whether a journal begins with the making of another run than that made at `createdAt`, milliseconds since 1970. */
export function isOfAnotherRun(journal: Pick<JournalSummary, 'createdAt'>, createdAt: number): boolean {
  return journal.createdAt !== null && journal.createdAt !== createdAt;
}

/** Says whether the file at `path` is the journal of another run, as `isOfAnotherRun`. @throws the file system's error */
export function isForeignJournal(path: string, createdAt: number): boolean {
  return whoseJournal(path, createdAt) === 'of another run';
}

/**
 * Says whether the file at `path` begins with the making of the run made at `createdAt`, milliseconds since 1970, read as far
 * as need be; `unknown` for none, and where it begins otherwise. @throws the file system's error
 */
export function whoseJournal(path: string, createdAt: number): 'its own' | 'of another run' | 'unknown' {
  const parseEnvelope = () => null; // no event is asked for
  if (!existsSync(path)) return 'unknown';
  for (const first of readJournal(path, parseEnvelope)) {
    if (first?.type === 'created' && first.at === createdAt) return 'its own';
    break;
  }
  const journal = summarizeJournal(path, parseEnvelope);
  if (journal.createdAt === null) return 'unknown';
  return isOfAnotherRun(journal, createdAt) ? 'of another run' : 'its own';
}
