/** Reads the end of a journal without all that is before it: a run of days has hundreds of megabytes. */
import { closeSync, fstatSync, readSync } from 'node:fs';
import { openJournal } from './open-journal.ts';
import { type ParseEnvelope, parseLine, type ReadEntry } from './read-journal.ts';
import type { RunnerIdentity } from './rows.ts';
import type { RunEnd } from './run-facts.ts';

export interface JournalTail {
  /** Number of the last event. */
  readonly lastSeq: number;
  /** How the run has ended, and when, milliseconds since 1970; null while the journal tells of no end. */
  readonly end: (RunEnd & { readonly at: number }) | null;
}

const TAIL_BYTES = 1 << 20;

/** Gives back the end of the journal at `path`, null when its last MiB tells of no event. @throws the file system's error */
export function readJournalTail(path: string, parseEnvelope: ParseEnvelope): JournalTail | null {
  let end: JournalTail['end'] = null;
  for (const line of lastLines(path)) {
    const entry = parseLine(line, parseEnvelope);
    if (entry?.type === 'ended') end ??= { ...entry.end, at: entry.at };
    if (entry?.type === 'event') return { lastSeq: entry.envelope.seq, end };
    if (entry?.type === 'resumed') return { lastSeq: entry.lastSeq, end };
    if (entry?.type === 'created') return { lastSeq: 0, end };
  }
  return null;
}

/** Gives back the whole entries in the last MiB, in order, without damaged ones. @throws the file system's error */
export function entriesInTail(path: string, parseEnvelope: ParseEnvelope): ReadEntry[] {
  return [...lastLines(path)].reverse().flatMap((line) => parseLine(line, parseEnvelope) ?? []);
}

/**
 * Gives back who writes the journal since the run was made or last taken up; undefined where the line that tells is damaged.
 * @throws the file system's error
 */
export function lastWriter(path: string, parseEnvelope: ParseEnvelope): RunnerIdentity | null | undefined {
  const line = lastBeginning(path);
  const entry = line === null ? null : parseLine(line, parseEnvelope);
  if (entry?.type === 'created') return entry.run.runner;
  return entry?.type === 'resumed' ? entry.runner : undefined;
}

/** How such lines begin behind their checksum; within a text of JSON its quotes would be escaped. */
const BEGINNINGS = ['created', 'resumed'].map((type) => Buffer.from(`,"entry":{"type":"${type}",`));
/** Longer than what stands before, and what is looked for. */
const OVERLAP_BYTES = 64;
/** An experiment of any sane length. */
const MAX_BEGINNING_BYTES = 1 << 20;

/** Gives the last line that says that a runner begins, without its end; null for none. */
function lastBeginning(path: string): Buffer | null {
  const file = openJournal(path);
  try {
    const { size } = fstatSync(file);
    for (let end = size; end > 0; end -= TAIL_BYTES) {
      const start = Math.max(0, end - TAIL_BYTES);
      const bytes = readAt(file, start, Math.min(size, end + OVERLAP_BYTES) - start);
      const found = Math.max(...BEGINNINGS.map((beginning) => bytes.lastIndexOf(beginning)));
      if (found < 0) continue;
      // The line begins shortly before: `{"crc":` and at most ten digits.
      const before = readAt(file, Math.max(0, start + found - OVERLAP_BYTES), Math.min(OVERLAP_BYTES, start + found));
      const lineStart = start + found - (before.length - 1 - before.lastIndexOf(10));
      const line = readAt(file, lineStart, MAX_BEGINNING_BYTES);
      const lineEnd = line.indexOf(10);
      return lineEnd < 0 ? null : line.subarray(0, lineEnd);
    }
    return null;
  } finally {
    closeSync(file);
  }
}

/** Gives at most so many bytes. */
function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, position));
}

/** Gives the whole lines at the end of a file without their ends, the last first. */
function* lastLines(path: string): Generator<Buffer> {
  const tail = readTail(path);
  for (let end = tail.bytes.lastIndexOf(10); end > 0; ) {
    const before = tail.bytes.lastIndexOf(10, end - 1);
    if (before < 0 && !tail.isWhole) return; // the line began earlier
    yield tail.bytes.subarray(before + 1, end);
    end = before;
  }
}

function readTail(path: string): { readonly bytes: Buffer; readonly isWhole: boolean } {
  const file = openJournal(path);
  try {
    const { size } = fstatSync(file);
    const length = Math.min(size, TAIL_BYTES);
    return { bytes: readAt(file, size - length, length), isWhole: length === size };
  } finally {
    closeSync(file);
  }
}
