/** Brings the rows of a run to what its journal holds, in the database where they are. */
import Database from 'better-sqlite3';
import * as z from 'zod';
import { copyRun } from './copy-run.ts';
import { journalPath } from './journal.ts';
import { migrate } from './migrate.ts';
import { type ParseEnvelope, summarizeJournal } from './read-journal.ts';
import { replayJournal } from './replay-journal.ts';
import { selectOne } from './select.ts';

const RUN = 'SELECT number, last_seq AS lastSeq FROM runs WHERE id = ?';
const runRow = z.object({ number: z.number(), lastSeq: z.number() });

/** Gives back the number of the last event of a run; 0 for none, and for a run that is not there. */
export function lastSeq(database: Database.Database, id: string): number {
  return selectOne(database, runRow, RUN, id)?.lastSeq ?? 0;
}

/** Makes the run anew from its journal, which begins with its making; where lines are damaged, what its old rows have is kept. */
export function rebuildRun(
  database: Database.Database,
  id: string,
  directory: string,
  parseEnvelope: ParseEnvelope,
): void {
  const { damagedLines } = summarizeJournal(journalPath(directory), parseEnvelope);
  const rebuild = database.transaction(() => {
    const run = selectOne(database, runRow, RUN, id);
    const old = new Database(':memory:');
    try {
      migrate(old, ':memory:', () => 0);
      if (run !== null && damagedLines > 0) copyRun(database, old, run.number, id);
      database.prepare('DELETE FROM runs WHERE id = ?').run(id);
      replayJournal(database, directory, parseEnvelope, run?.number ?? null);
      const kept = selectOne(old, runRow, RUN, id);
      if (kept !== null) copyRun(old, database, kept.number, id);
    } finally {
      old.close();
    }
  });
  rebuild.immediate();
}
