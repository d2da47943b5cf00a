/** Says how a journal ends without reading all of it: enough to know whether the store has it. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type ParseEnvelope, parseLine } from './read-journal.ts';
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
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const read = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return { bytes: bytes.subarray(0, read), isWhole: bytes.length === size };
  } finally {
    closeSync(file);
  }
}
