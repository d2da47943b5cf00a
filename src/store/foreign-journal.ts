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

/** As `isOfAnotherRun` for the file at `path`, read as far as need be; false for none. @throws the file system's error */
export function isForeignJournal(path: string, createdAt: number): boolean {
  const parseEnvelope = () => null; // no event is asked for
  if (!existsSync(path)) return false;
  for (const first of readJournal(path, parseEnvelope)) {
    if (first?.type === 'created' && first.at === createdAt) return false;
    break;
  }
  return isOfAnotherRun(summarizeJournal(path, parseEnvelope), createdAt);
}
