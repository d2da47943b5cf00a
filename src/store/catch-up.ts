/** Writes what the journal of a run has beyond the store: after a power cut, a damaged log, or a trainer that outlived its runner. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import { journalPath } from './journal.ts';
import { entriesThatCount, type ParseEnvelope, parseLine, type ReadEntry, summarizeJournal } from './read-journal.ts';
import { lastSeq, rebuildRun } from './rebuild-run.ts';
import { RunWriter } from './run-writer.ts';
import { selectOne } from './select.ts';

const TAIL_BYTES = 1 << 20;
const runRow = z.object({ number: z.number(), state: z.string() });

/** Adds what is new to the run; where that is not plain, makes the run anew. @returns whether there was something */
export function catchUp(database: Database, id: string, directory: string, parseEnvelope: ParseEnvelope): boolean {
  const path = journalPath(directory);
  const stored = lastSeq(database, id);
  if (!existsSync(path) || newestSeq(path, parseEnvelope) <= stored) return false;
  const journal = summarizeJournal(path, parseEnvelope);
  if (journal.lastSeq <= stored || journal.createdAt === null) return false;
  const run = selectOne(database, runRow, 'SELECT number, state FROM runs WHERE id = ?', id);
  const news = journal.damagedLines > 0 || run === null ? null : entriesAfter(path, stored, parseEnvelope);
  if (news === null || run === null) rebuildRun(database, id, directory, parseEnvelope);
  else add(database, news, { ...run, id, directory, lastSeq: stored, journal: null });
  return true;
}

/** Gives the number of the last event, as the end of the file tells; Infinity when that tells nothing. */
function newestSeq(path: string, parseEnvelope: ParseEnvelope): number {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, tail, 0, tail.length, size - tail.length);
    for (let end = tail.lastIndexOf(10); end > 0; ) {
      const before = tail.lastIndexOf(10, end - 1);
      if (before < 0 && tail.length < size) break; // the line began earlier
      const entry = parseLine(tail.subarray(before + 1, end), parseEnvelope);
      if (entry?.type === 'event') return entry.envelope.seq;
      end = before;
    }
    return Number.POSITIVE_INFINITY;
  } finally {
    closeSync(file);
  }
}

/** Gives the entries from the first new event on; null when the run was taken up again after it. */
function entriesAfter(path: string, seq: number, parseEnvelope: ParseEnvelope): ReadEntry[] | null {
  const news: ReadEntry[] = [];
  for (const entry of entriesThatCount(path, parseEnvelope)) {
    const isNew = news.length > 0 || (entry.type === 'event' && entry.envelope.seq > seq);
    if (!isNew) continue;
    if (entry.type === 'resumed' || entry.type === 'created') return null;
    news.push(entry);
  }
  return news;
}

function add(
  database: Database,
  news: readonly ReadEntry[],
  run: ConstructorParameters<typeof RunWriter>[1] & { readonly state: string },
): void {
  let clock = 0;
  const isEnded = run.state !== 'running' && run.state !== 'pending';
  const write = database.transaction(() => {
    const writer = new RunWriter(database, run, database.name, () => clock);
    for (const entry of news) {
      clock = entry.at;
      if (entry.type === 'event') writer.record(entry.envelope);
      if (entry.type === 'note') writer.note(entry.kind, entry.text);
      if (entry.type === 'ended' && !isEnded) writer.finish(entry.end);
    }
  });
  write.immediate();
}
