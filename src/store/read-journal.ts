/** Reads a run's journal line by line: lines that are damaged are passed over, one that was not written to its end is none. */
import { closeSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import type { Envelope } from '../engine/run/protocol.ts';
import type { JournalEntry } from './journal.ts';
import { openJournal } from './open-journal.ts';
import type { RunnerIdentity } from './rows.ts';
import { RUN_STATES } from './run-state.ts';

/** Gives back the event that a trainer sent as this, null where it is none. The engine's protocol knows. */
export type ParseEnvelope = (value: unknown) => Envelope | null;

/** An entry as it is read. */
export type ReadEntry = JournalEntry<Envelope>;

/** What a whole journal holds, at a glance. */
export interface JournalSummary {
  /** When the run was made, milliseconds since 1970; null unless the journal begins with that. */
  readonly createdAt: number | null;
  /** Of the run when it was made; its folder may have been copied under another name since. */
  readonly id: string | null;
  readonly lastSeq: number;
  readonly isEnded: boolean;
  /** Who wrote it last. */
  readonly runner: RunnerIdentity | null;
  readonly damagedLines: number;
  /** Events that must have been, by the numbers of those around. */
  readonly missingEvents: number;
}

const CHUNK_BYTES = 1 << 20;
/** The longest entry is the diary of a corpus with 1,000 faulty lines; what is longer is not ours. */
const MAX_LINE_BYTES = 64 << 20;

/** No experiment and no event is nested as deep; what is would fill the stack when it is written. */
const MAX_DEPTH = 64;

const text = z.string();
const optionalText = text.nullable();
const at = z.number().int();
const identity = z.object({
  pid: z.number().int(),
  processStart: optionalText,
  bootId: optionalText,
  pidNamespace: optionalText.default(null), // which an older bleubird did not know
  hostname: text,
});

const journalEntry = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('created'),
    at,
    run: z.object({
      id: text,
      // Of the experiment only what the store itself looks into; it is read as one when it is used.
      experiment: z.looseObject({ name: text, model: text, training: z.looseObject({ seed: z.number().int() }) }),
      runner: identity.nullable(),
      versions: z.record(text, text),
      gitCommit: optionalText,
      gitDirty: z.boolean().nullable(),
      lockfileHash: optionalText,
      resumedFrom: optionalText.optional(),
      parentRun: optionalText.optional(),
    }),
  }),
  z.object({ type: z.literal('event'), at, envelope: z.unknown() }),
  z.object({ type: z.literal('note'), at, kind: text, text }),
  z.object({
    type: z.literal('resumed'),
    at,
    runner: identity,
    lastSeq: z.number().int(),
    was: z.enum(RUN_STATES),
    endedAt: z.number().int().nullable(),
  }),
  z.object({
    type: z.literal('ended'),
    at,
    end: z.object({
      state: z.enum(['completed', 'stopped', 'failed']),
      reason: text,
      hint: optionalText,
      exitCode: z.number().nullable(),
      signal: optionalText,
      stderrTail: optionalText,
    }),
  }),
]);

/** Gives the entries of a journal in order, null for each line that is damaged. @throws the file system's error */
export function* readJournal(path: string, parseEnvelope: ParseEnvelope): Generator<ReadEntry | null> {
  for (const line of readLines(path)) yield line === null ? null : parseLine(line, parseEnvelope);
}

/** Gives what a journal holds in all. @throws the file system's error */
export function summarizeJournal(path: string, parseEnvelope: ParseEnvelope): JournalSummary {
  let createdAt: number | null = null;
  let id: string | null = null;
  let missingEvents = 0;
  let lastSeq = 0;
  let isEnded = false;
  let runner: RunnerIdentity | null = null;
  let damagedLines = 0;
  for (const entry of readJournal(path, parseEnvelope)) {
    if (entry === null) {
      damagedLines += 1;
      continue;
    }
    if (entry.type === 'created') {
      createdAt = entry.at;
      id = entry.run.id;
      missingEvents = 0;
      lastSeq = 0;
      runner = entry.run.runner;
    }
    if (entry.type === 'event') {
      missingEvents += Math.max(0, entry.envelope.seq - lastSeq - 1);
      lastSeq = Math.max(lastSeq, entry.envelope.seq);
    }
    if (entry.type === 'resumed') {
      missingEvents += Math.max(0, entry.lastSeq - lastSeq);
      lastSeq = entry.lastSeq;
      runner = entry.runner;
    }
    if (entry.type === 'created' || entry.type === 'resumed') isEnded = false;
    if (entry.type === 'ended') isEnded = true;
  }
  return { createdAt, id, lastSeq, isEnded, runner, damagedLines, missingEvents };
}

/**
 * Gives the entries that count, in order: without what a folder held before the run was made in it, and without events
 * that never reached the store, after which the run was taken up again.
 */
export function* entriesThatCount(path: string, parseEnvelope: ParseEnvelope): Generator<ReadEntry> {
  let first = 0;
  const resumes: { readonly index: number; readonly lastSeq: number }[] = [];
  let index = 0;
  for (const entry of readJournal(path, parseEnvelope)) {
    if (entry?.type === 'created') first = index;
    if (entry?.type === 'resumed') resumes.push({ index, lastSeq: entry.lastSeq });
    index += 1;
  }
  index = 0;
  for (const entry of readJournal(path, parseEnvelope)) {
    const position = index++;
    if (position < first || entry === null) continue;
    while (resumes[0] !== undefined && resumes[0].index <= position) resumes.shift();
    if (entry.type === 'event' && entry.envelope.seq > (resumes[0]?.lastSeq ?? Number.POSITIVE_INFINITY)) continue;
    yield entry;
  }
}

/** Gives the whole lines of a file without their ends, null for one that is too long. */
function* readLines(path: string): Generator<Buffer | null> {
  const file = openJournal(path);
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let begun: Buffer[] = [];
    let begunBytes = 0;
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0 && end < read; end = chunk.indexOf(10, start)) {
        const isTooLong = begunBytes > MAX_LINE_BYTES;
        yield isTooLong ? null : Buffer.concat([...begun, chunk.subarray(start, end)]);
        begun = [];
        begunBytes = 0;
        start = end + 1;
      }
      begunBytes += read - start;
      if (begunBytes > MAX_LINE_BYTES) begun = [];
      else begun.push(Buffer.from(chunk.subarray(start, read)));
    }
  } finally {
    closeSync(file);
  }
}

/** Reads a line without its end. @returns null when it is damaged */
export function parseLine(line: Buffer, parseEnvelope: ParseEnvelope): ReadEntry | null {
  const [prefix = '', checksum] = /^\{"crc":(\d{1,10}),"entry":/.exec(line.toString('latin1', 0, 40)) ?? [];
  const body = line.subarray(prefix.length, -1);
  if (checksum === undefined || crc32(body) !== Number(checksum)) return null;
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch {
    return null; // a checksum can be right by chance
  }
  const parsed = nestsDeeper(json, MAX_DEPTH) ? null : journalEntry.safeParse(json);
  if (!parsed?.success) return null;
  if (parsed.data.type === 'event') {
    const envelope = parseEnvelope(parsed.data.envelope);
    return envelope === null ? null : { ...parsed.data, envelope };
  }
  // As it was written: parsing would put the fields of the experiment into another order.
  return json as ReadEntry;
}

function nestsDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((inner) => nestsDeeper(inner, depth - 1));
}
