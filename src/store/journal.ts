/**
 * The journal of a run: `journal.jsonl` in its folder, what was written to the store, one line each, before it was. A
 * store that is damaged or lost is rebuilt from it. Only the run's runner writes it.
 *
 * A line is handed to the system before `append` returns, so that a killed program loses none, and flushed to the disk
 * within `SYNC_WITHIN_MS`, which is all that a power cut can take.
 */
import {
  close,
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { WireEnvelope } from '../engine/run/wire.ts';
import type { RunnerIdentity, RunState } from './rows.ts';
import type { NewRun, RunEnd } from './run-facts.ts';

/** `at` is when it was written, milliseconds since 1970. Events are written as they travelled, and read as they are told. */
export type JournalEntry<Event = WireEnvelope> =
  | { readonly type: 'created'; readonly at: number; readonly run: NewRun & { readonly id: string } }
  | { readonly type: 'event'; readonly at: number; readonly envelope: Event }
  | { readonly type: 'note'; readonly at: number; readonly kind: string; readonly text: string }
  | {
      readonly type: 'resumed';
      readonly at: number;
      readonly runner: RunnerIdentity;
      /** Of the event that the store had last; what the journal has beyond it was not kept. */
      readonly lastSeq: number;
      /** How the run had ended, and when. */
      readonly was: RunState;
      readonly endedAt: number | null;
    }
  | { readonly type: 'ended'; readonly at: number; readonly end: RunEnd };

/** Leaves room below the 250 ms that may be at risk for the flush itself. */
const SYNC_WITHIN_MS = 100;

const JOURNAL_NAME = 'journal.jsonl';

/** Gives the path of a run's journal. */
export function journalPath(runDirectory: string): string {
  return join(runDirectory, JOURNAL_NAME);
}

/** Gives an entry as its line: JSON, with a checksum of the text of the entry in front. */
export function journalLine(entry: JournalEntry): Buffer {
  const text = JSON.stringify(entry);
  return Buffer.from(`{"crc":${crc32(text)},"entry":${text}}\n`);
}

/** Made without touching the disk; the file is opened, and made, by the first `append`. */
export class Journal {
  readonly #path: string;
  #file: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isSyncing = false;
  #syncError: Error | null = null;

  constructor(runDirectory: string) {
    this.#path = journalPath(runDirectory);
  }

  /** Adds an entry at the end. @throws the file system's error; then nothing of it is there */
  append(entry: JournalEntry): void {
    const file = this.#open();
    if (this.#syncError !== null) {
      fdatasyncSync(file); // there may be room now
      this.#syncError = null;
    }
    const line = journalLine(entry);
    let written = 0;
    try {
      while (written < line.length) written += writeSync(file, line, written);
    } catch (error) {
      // Half a line would spoil the next one. The size is asked for: a trainer whose channel was cut writes here too.
      if (written > 0) ftruncateSync(file, fstatSync(file).size - written);
      throw error;
    }
    this.#timer ??= setTimeout(() => this.#sync(), SYNC_WITHIN_MS).unref();
  }

  /** Flushes what was added and closes the file; the next `append` opens it again. @throws the file system's error */
  close(): void {
    const file = this.#file;
    if (file === null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#file = null;
    try {
      fdatasyncSync(file);
    } finally {
      // A flush that is under way still needs the descriptor: it queues before the closing.
      if (this.#isSyncing) close(file, () => {});
      else closeSync(file);
    }
  }

  #open(): number {
    if (this.#file !== null) return this.#file;
    const file = openSync(this.#path, 'a+', 0o600);
    dropTornTail(file);
    this.#file = file;
    return file;
  }

  #sync(): void {
    this.#timer = null;
    if (this.#file === null) return;
    this.#isSyncing = true;
    fdatasync(this.#file, (error) => {
      this.#isSyncing = false;
      this.#syncError ??= error;
    });
  }
}

/** Cuts off a last line that was not written to its end. */
function dropTornTail(file: number): void {
  const { size } = fstatSync(file);
  const chunk = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunk.length);
    const read = readSync(file, chunk, 0, end - start, start);
    const newline = chunk.subarray(0, read).lastIndexOf(10);
    if (newline >= 0) {
      const kept = start + newline + 1;
      if (kept < size) ftruncateSync(file, kept);
      return;
    }
    end = start;
  }
  if (size > 0) ftruncateSync(file, 0);
}
