/**
 * Brings the rows of a run to what its journal holds. A long journal takes many seconds: the rows are made in a database
 * beside the store, which is locked only while they are put in the place of the old ones.
 */
import { closeSync, openSync, rmSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import Database from 'better-sqlite3';
import * as z from 'zod';
import { StoreError } from '../errors.ts';
import { copyRun, replaceRun } from './copy-run.ts';
import { PARTS } from './database-care.ts';
import { isOfAnotherRun } from './foreign-journal.ts';
import { journalPath } from './journal.ts';
import { migrate } from './migrate.ts';
import { type ParseEnvelope, summarizeJournal } from './read-journal.ts';
import { replayJournal } from './replay-journal.ts';
import { selectOne } from './select.ts';

const MAX_ATTEMPTS = 3;

/** What another program changes when it writes the run or takes it up. */
const RUN = `
  SELECT number, last_seq AS lastSeq, created_at AS createdAt, state, ended_at AS endedAt, runner_pid AS pid, runner_process_start AS processStart
  FROM runs JOIN run_details ON run = number WHERE id = ?`;
const runRow = z.object({
  number: z.number(),
  lastSeq: z.number(),
  createdAt: z.number(),
  state: z.string(),
  endedAt: z.number().nullable(),
  pid: z.number().nullable(),
  processStart: z.string().nullable(),
});

/** Gives back the number of the last event of a run; 0 for none, and for a run that is not there. */
export function lastSeq(database: Database.Database, id: string): number {
  return selectOne(database, runRow, RUN, id)?.lastSeq ?? 0;
}

/**
 * Makes the run anew from its journal, which begins with its making; where lines are damaged or missing, what its old rows have is kept.
 *
 * @throws {StoreError} when another program writes the run all the while, or the journal does not begin so, or with the
 *   making of another run; then nothing has changed
 */
export function rebuildRun(
  database: Database.Database,
  id: string,
  directory: string,
  parseEnvelope: ParseEnvelope,
): void {
  const side = `${database.name}.rebuilding-${process.pid}`;
  try {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const before = selectOne(database, runRow, RUN, id);
      makeAnew(side, database, before, id, directory, parseEnvelope);
      if (replaceIfStill(database, side, id, before)) return;
    }
  } finally {
    removeSide(side);
  }
  throw new StoreError(`Run ${id} is being written by another program and cannot be made anew.`, {
    hint: 'Try again when that has ended.',
  });
}

/** Puts the run into a database of its own at the path `side`. */
function makeAnew(
  side: string,
  database: Database.Database,
  stored: z.infer<typeof runRow> | null,
  id: string,
  directory: string,
  parseEnvelope: ParseEnvelope,
): void {
  const journal = summarizeJournal(journalPath(directory), parseEnvelope);
  if (stored !== null && isOfAnotherRun(journal, stored.createdAt)) {
    throw new StoreError(`The journal of run ${id} is that of another, ${journal.id}: ${journalPath(directory)}.`);
  }
  removeSide(side);
  closeSync(openSync(side, 'wx', 0o600));
  const made = new Database(side);
  try {
    made.pragma('journal_mode = OFF'); // after a crash nobody reads it
    made.pragma('synchronous = OFF');
    migrate(made, side, () => 0);
    replayJournal(made, directory, parseEnvelope);
    const hasHoles = journal.damagedLines > 0 || journal.missingEvents > 0;
    if (hasHoles && stored !== null) copyRun(database, made, stored.number, id);
    if (selectOne(made, runRow, RUN, id) === null) {
      throw new StoreError(
        `The journal of run ${id} does not begin with the making of the run: ${journalPath(directory)}.`,
      );
    }
  } finally {
    made.close();
  }
}

/** @returns false when the run is not as it was `before` any more */
function replaceIfStill(
  database: Database.Database,
  side: string,
  id: string,
  before: z.infer<typeof runRow> | null,
): boolean {
  database.prepare('ATTACH ? AS side').run(side);
  try {
    const replace = database.transaction(() => {
      const isStill = isDeepStrictEqual(selectOne(database, runRow, RUN, id), before);
      if (isStill) replaceRun(database, id);
      return isStill;
    });
    return replace.immediate();
  } finally {
    database.exec('DETACH side');
  }
}

function removeSide(side: string): void {
  for (const part of PARTS) rmSync(`${side}${part}`, { force: true });
}
