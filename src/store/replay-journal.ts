/** Makes the rows of a run from its journal, by the code that made them the first time. */
import { basename } from 'node:path';
import type { Database } from 'better-sqlite3';
import { insertRun } from './create-run.ts';
import { journalPath } from './journal.ts';
import { markInterrupted } from './mark-run.ts';
import { entriesThatCount, type ParseEnvelope } from './read-journal.ts';
import { takeUp } from './resume-run.ts';
import { RunWriter } from './run-writer.ts';

/**
 * Inserts the run whose folder is `directory`; lines that are damaged leave a hole, which its diary names.
 *
 * @param key  of the run, for one that has had a key
 * @returns    its key, null when the journal does not hold the making of the run
 * @throws the file system's and SQLite's errors; then nothing was inserted
 */
export function replayJournal(
  database: Database,
  directory: string,
  parseEnvelope: ParseEnvelope,
  key: number | null = null,
): number | null {
  const replay = database.transaction(() => {
    let clock = 0;
    let id = '';
    let number: number | null = null;
    let writer: RunWriter | null = null;
    const write = (lastSeq: number) =>
      new RunWriter(
        database,
        { id, number: number ?? 0, directory, lastSeq, journal: null },
        database.name,
        () => clock,
      );
    for (const entry of entriesThatCount(journalPath(directory), parseEnvelope)) {
      clock = entry.at;
      if (entry.type === 'created') {
        // Of the folder, not of what is written in it: a folder that was copied in may say that it is ../x.
        id = basename(directory);
        number = insertRun(database, id, entry.run, entry.at, () => {}, key);
        writer = write(0);
      } else if (writer === null || number === null) {
        return null;
      } else if (entry.type === 'event') {
        writer.record(entry.envelope);
      } else if (entry.type === 'note') {
        writer.note(entry.kind, entry.text);
      } else if (entry.type === 'ended') {
        writer.finish(entry.end);
      } else {
        // The journal may hold another end than the store had then, which had lost its newest rows: what the store had counts.
        markInterrupted(database, id, entry.at);
        database
          .prepare('UPDATE runs SET state = ?, ended_at = ? WHERE number = ?')
          .run(entry.was, entry.endedAt, number);
        takeUp(database, { number, state: entry.was }, entry.runner, entry.at);
        database.prepare('UPDATE runs SET last_seq = ? WHERE number = ?').run(entry.lastSeq, number);
        writer = write(entry.lastSeq);
      }
    }
    return number;
  });
  return replay.immediate();
}
