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
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  readSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { WireEnvelope } from '../engine/run/wire.ts';
import { flushPath } from './flush-path.ts';
import { openJournal } from './open-journal.ts';
import { isStillAt, restoreJournal } from './restore-journal.ts';
import type { RunnerIdentity, RunState } from './rows.ts';
import type { NewRun, RunEnd } from './run-facts.ts';
import { writeWhole } from './write-whole.ts';

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

/** A folder that was copied in may have a link in the journal's place, which would lead what is written out of it. */
const { O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_RDWR } = constants; // Windows has no O_NOFOLLOW

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

/** A line that the disk may not have yet. */
interface Unflushed {
  /** Where it begins in the file, bytes. */
  readonly position: number;
  readonly line: Buffer;
}

/**
 * Made without touching the disk; the file is opened, and made, by the first `append`.
 *
 * After a flush that failed, the next one may succeed without the bytes: Linux marks pages as clean, or drops them, that it
 * could not write, and tells of it once ("fsyncgate": wiki.postgresql.org/wiki/Fsync_Errors). So each line is kept until a
 * flush has succeeded, and written again, in its place, after one that has not.
 */
export class Journal {
  /** Called when the file was gone from its place and has been written anew, with all that it had. */
  onRestored: (path: string) => void = () => {};
  readonly #path: string;
  #file: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isSyncing = false;
  #unflushed: Unflushed[] = [];
  /** The disk may lack what was written to the file since the last flush that succeeded. */
  #hasFailed = false;
  /** The file may end with half a line, which would spoil the next one. */
  #isTorn = false;
  /** Not where a file system gives one file now this number, now that. */
  #canTellFiles = true;

  constructor(runDirectory: string) {
    this.#path = journalPath(runDirectory);
  }

  /** Adds an entry at the end. @throws the file system's error; then it is not there, and may be added again */
  append(entry: JournalEntry): void {
    this.#restoreIfGone();
    const file = this.#open();
    if (this.#hasFailed) this.flush(); // there may be room now
    if (this.#isTorn) dropTornTail(file);
    const line = journalLine(entry);
    const position = fstatSync(file).size;
    this.#isTorn = true;
    writeWhole(file, line, null);
    this.#isTorn = false;
    this.#unflushed.push({ position, line });
    this.#flushSoon();
  }

  /** Brings what was added to the disk. @throws the file system's error; then it may be tried again */
  flush(): void {
    const file = this.#file;
    if (file === null) return;
    // Whether a flush under way brings them there, nobody would hear: of a failure only one of the two is told.
    if (this.#hasFailed || this.#isSyncing) this.#writeAgain();
    this.#hasFailed = true;
    fdatasyncSync(file);
    this.#hasFailed = false;
    this.#unflushed = [];
  }

  /** Flushes what was added and closes the file; the next `append` opens it again. @throws as `flush`: then it stays open */
  close(): void {
    const file = this.#file;
    if (file === null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.flush();
    this.#file = null;
    // A flush that is under way still needs the descriptor: it queues before the closing.
    if (this.#isSyncing) close(file, () => {});
    else closeSync(file);
  }

  #open(): number {
    if (this.#file !== null) return this.#file;
    const isNew = !existsSync(this.#path);
    const file = openJournal(this.#path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW);
    if (isNew) flushNames(dirname(this.#path));
    dropTornTail(file);
    this.#file = file;
    return file;
  }

  #isGone(): boolean {
    return this.#file !== null && this.#canTellFiles && !isStillAt(this.#path, this.#file);
  }

  /** Only for an entry of a run that goes on: else the folder of one that was deleted would come back. */
  #restoreIfGone(): void {
    const lost = this.#file;
    if (lost === null || !this.#isGone()) return;
    restoreJournal(this.#path, lost);
    this.#file = null;
    close(lost, () => {}); // behind a flush that may be under way
    this.#canTellFiles = isStillAt(this.#path, this.#open());
    this.#unflushed = [];
    this.#hasFailed = false;
    if (this.#canTellFiles) this.onRestored(this.#path);
  }

  /** By a descriptor of its own, for that of `append` writes at the end wherever it is told to: a trainer may have written there. */
  #writeAgain(): void {
    if (this.#isGone()) return; // not into what lies there now
    const file = openJournal(this.#path, O_RDWR | O_NOFOLLOW);
    try {
      for (const { position, line } of this.#unflushed) writeWhole(file, line, position);
    } finally {
      closeSync(file);
    }
  }

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => this.#sync(), SYNC_WITHIN_MS).unref();
  }

  #sync(): void {
    this.#timer = null;
    if (this.#file === null) return;
    if (this.#isSyncing) {
      this.#flushSoon(); // a slow disk
      return;
    }
    this.#isSyncing = true;
    const [last] = this.#unflushed.slice(-1);
    fdatasync(this.#file, (error) => {
      this.#isSyncing = false;
      if (error !== null) this.#hasFailed = true;
      else if (last !== undefined) this.#unflushed = this.#unflushed.filter(({ position }) => position > last.position);
    });
  }
}

/** A flush of the file alone need not bring its name to the disk, nor that of its folder. */
function flushNames(runDirectory: string): void {
  flushPath(runDirectory);
  flushPath(dirname(runDirectory));
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
