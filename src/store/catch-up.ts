/** Writes what the journal of a run has beyond the store: after a power cut, a damaged log, or a trainer that outlived its runner. */
import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import { isForeignJournal, isOfAnotherRun } from './foreign-journal.ts';
import { journalPath } from './journal.ts';
import { entriesInTail, lastWriter, readJournalTail } from './journal-tail.ts';
import { entriesThatCount, type ParseEnvelope, type ReadEntry, summarizeJournal } from './read-journal.ts';
import { rebuildRun } from './rebuild-run.ts';
import type { RunnerIdentity } from './rows.ts';
import { isUnfinished, RUN_STATES } from './run-state.ts';
import { RunWriter } from './run-writer.ts';
import { selectOne } from './select.ts';

const storedRun = z
  .object({
    number: z.number(),
    state: z.enum(RUN_STATES),
    lastSeq: z.number(),
    createdAt: z.number(),
    pid: z.number().nullable(),
    processStart: z.string().nullable(),
    bootId: z.string().nullable(),
    pidNamespace: z.string().nullable(),
    hostname: z.string().nullable(),
  })
  .transform(({ number, state, lastSeq, createdAt, pid, hostname, ...start }) => ({
    number,
    lastSeq,
    createdAt,
    // Whoever finds a dead runner writes "interrupted", and knows no better: of the journal's word and this, that counts.
    hasEnd: !isUnfinished(state) && state !== 'interrupted',
    runner: pid === null || hostname === null ? null : ({ pid, ...start, hostname } satisfies RunnerIdentity),
  }));

type StoredRun = z.infer<typeof storedRun>;

const SELECT_RUN = `
  SELECT number, state, last_seq AS lastSeq, created_at AS createdAt, runner_pid AS pid, runner_process_start AS processStart,
    runner_boot_id AS bootId, runner_pid_namespace AS pidNamespace, runner_hostname AS hostname
  FROM runs JOIN run_details ON run_details.run = runs.number WHERE id = ?`;

/**
 * Adds what is new to the run, its end included. The journal is read before the store is locked, since it may be long.
 *
 * @param rebuilds  whether to make the run anew where the store does not even know who wrote it last; that takes as long as
 *                  the whole journal does, which is not for who only looks
 * @returns whether there was something
 */
export function catchUp(
  database: Database,
  id: string,
  directory: string,
  parseEnvelope: ParseEnvelope,
  rebuilds = true,
): boolean {
  const path = journalPath(directory);
  if (!existsSync(path)) return false;
  const readStored = () => selectOne(database, storedRun, SELECT_RUN, id);
  const run = readStored();
  const tail = readJournalTail(path, parseEnvelope);
  if (tail !== null && !lacks(run, tail.lastSeq, tail.end !== null)) return false;
  if (run !== null && isForeignJournal(path, run.createdAt)) return false;
  let news = run === null ? null : newsInTail(path, run, parseEnvelope);
  if (news === null) {
    const journal = summarizeJournal(path, parseEnvelope);
    if (journal.createdAt === null || !lacks(run, journal.lastSeq, journal.isEnded)) return false;
    if (run !== null && isOfAnotherRun(journal, run.createdAt)) return false;
    const isPlain = run !== null && isSameRunner(journal.runner, run.runner);
    news = isPlain ? newsAmong(entriesThatCount(path, parseEnvelope), run) : null;
  }
  if (news === null || run === null) {
    if (rebuilds) rebuildRun(database, id, directory, parseEnvelope);
    return rebuilds;
  }
  const write = database.transaction(() => {
    if (!isDeepStrictEqual(readStored(), run)) return false; // another program has done it in the meantime
    add(database, news, { ...run, id, directory, journal: null, runner: null });
    return true;
  });
  return write.immediate();
}

function lacks(run: StoredRun | null, lastSeq: number, hasEnd: boolean): boolean {
  if (run === null || lastSeq > run.lastSeq) return true;
  return lastSeq === run.lastSeq && hasEnd && !run.hasEnd;
}

/** Gives the entries that the store lacks; null where the end of the journal alone does not tell. */
function newsInTail(path: string, run: StoredRun, parseEnvelope: ParseEnvelope): ReadEntry[] | null {
  const entries = entriesInTail(path, parseEnvelope);
  const isJoined = entries.some((entry) => entry.type === 'event' && entry.envelope.seq <= run.lastSeq);
  const writer = lastWriter(path, parseEnvelope);
  return isJoined && writer !== undefined && isSameRunner(writer, run.runner) ? newsAmong(entries, run) : null;
}

/** Another runner than the store knows: it lacks that the run was taken up again. Damaged lines are holes either way. */
function isSameRunner(journal: RunnerIdentity | null, store: RunnerIdentity | null): boolean {
  const known = journal && { ...journal, pidNamespace: journal.pidNamespace ?? null }; // which older journals have not
  return isDeepStrictEqual(known, store);
}

/** Gives those that the store lacks; null when the run was taken up again after an event that it lacks. */
function newsAmong(entries: Iterable<ReadEntry>, { lastSeq, hasEnd }: StoredRun): ReadEntry[] | null {
  let news: ReadEntry[] = [];
  for (const entry of entries) {
    const isNew =
      entry.type === 'event' ? entry.envelope.seq > lastSeq : entry.type === 'ended' ? !hasEnd : news.length > 0;
    if (!isNew) continue;
    if (entry.type === 'resumed' || entry.type === 'created') {
      if (news.some(({ type }) => type === 'event')) return null;
      news = []; // the end was that of a runner before
    } else {
      news.push(entry);
    }
  }
  return news;
}

function add(database: Database, news: readonly ReadEntry[], run: ConstructorParameters<typeof RunWriter>[1]): void {
  let clock = 0;
  const writer = new RunWriter(database, run, database.name, () => clock);
  for (const entry of news) {
    clock = entry.at;
    if (entry.type === 'event') writer.record(entry.envelope);
    if (entry.type === 'note') writer.note(entry.kind, entry.text);
    if (entry.type === 'ended') writer.finish(entry.end);
  }
}
