/**
 * Writes the history of one run; its runner is the only one who has a RunWriter for it. Each call is one transaction:
 * when it returns, what it wrote survives the death of the program (of the power supply: all but the last moments). The
 * run's journal has it first.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Database } from 'better-sqlite3';
import type { Envelope } from '../engine/run/protocol.ts';
import type { WireEnvelope } from '../engine/run/wire.ts';
import { type AddToDiary, prepareDiary } from './diary.ts';
import type { Journal, JournalEntry } from './journal.ts';
import { goneRun, prepareOwnership } from './ownership.ts';
import { prepareRecorder } from './record-event.ts';
import type { RunnerIdentity } from './rows.ts';
import type { RunEnd } from './run-facts.ts';
import { withStoreErrors } from './sqlite-error.ts';

export type { RunEnd };

export interface WrittenRun {
  readonly id: string;
  readonly number: number;
  readonly directory: string;
  readonly lastSeq: number;
  /** Null for a run whose history comes from its journal. */
  readonly journal: Journal | null;
  /** Who alone may write it; by default whoever does. */
  readonly runner?: RunnerIdentity | null;
}

export class RunWriter {
  readonly runId: string;
  /** Folder for checkpoints and logs; it exists. */
  readonly directory: string;
  readonly #path: string;
  readonly #record: (envelope: Envelope, wire: WireEnvelope) => boolean;
  readonly #heartbeat: () => void;
  readonly #finish: (end: RunEnd) => void;
  readonly #note: (type: string, text: string) => void;
  #lastSeq: number;

  /** @param path  of the database file, for messages */
  constructor(database: Database, run: WrittenRun, path: string, now: () => number) {
    this.runId = run.id;
    this.directory = run.directory;
    this.#path = path;
    this.#lastSeq = run.lastSeq;

    const { journal } = run;
    const assertOurs = prepareOwnership(database, run, run.runner ?? null, path);
    const addToDiary = prepareDiary(database, run.number);
    const recordEvent = prepareRecorder(database, run, addToDiary);
    const seen = database.prepare('UPDATE runs SET last_seq = ?, heartbeat_at = ? WHERE number = ?');
    const record = database.transaction(({ seq, time, event }: Envelope, at: number) => {
      if (seen.run(seq, at, run.number).changes === 0) throw goneRun(this.runId, path);
      if (seq > this.#lastSeq + 1) addToDiary('warning', gapText(this.#lastSeq, seq), Math.round(time));
      recordEvent(event, Math.round(time));
    });
    let journaledSeq = run.lastSeq;
    this.#record = (envelope, wire) => {
      if (envelope.seq <= this.#lastSeq) return false;
      assertOurs();
      const at = now();
      // An event that is given again, since the store had no room for it, is in the journal.
      if (envelope.seq > journaledSeq) journal?.append({ type: 'event', at, envelope: wire });
      journaledSeq = envelope.seq;
      record.immediate(envelope, at);
      this.#lastSeq = envelope.seq;
      return true;
    };

    const heartbeat = prepareHeartbeat(database, run.number, addToDiary);
    this.#heartbeat = () => {
      assertOurs();
      heartbeat.immediate(now());
    };
    let notInStore: JournalEntry | null = null;
    const inJournalOnce = (entry: JournalEntry, write: () => void) => {
      assertOurs();
      // As with events: what is given again, since the store had no room for it, is in the journal.
      if (!isDeepStrictEqual({ ...notInStore, at: entry.at }, entry)) journal?.append(entry);
      notInStore = entry;
      write();
      notInStore = null;
    };
    const finish = prepareFinish(database, run.number, addToDiary);
    let isFinished = false;
    this.#finish = (end) => {
      const at = now();
      if (!isFinished) inJournalOnce({ type: 'ended', at, end }, () => finish.immediate(end, at));
      isFinished = true;
      journal?.close(); // has no room, perhaps: tried again, it is the closing alone
    };
    const note = database.transaction(addToDiary);
    this.#note = (kind, text) => {
      const at = now();
      inJournalOnce({ type: 'note', at, kind, text }, () => note.immediate(kind, text, at));
    };
    if (journal !== null) journal.onRestored = (file) => this.#note('warning', restoredText(file));
  }

  /** Number of the last event recorded; 0 for none. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /**
   * Records one event. A number seen before changes nothing; missing numbers are noted in the diary.
   * @param wire  the event as it travelled, for the journal
   * @returns whether the event was new
   * @throws {StoreError} when it could not be written; then nothing of it was, and it may be given again
   */
  record(envelope: Envelope, wire: WireEnvelope = envelope): boolean {
    return withStoreErrors(this.#path, () => this.#record(envelope, wire));
  }

  /** Says that the runner lives; call it every second. Takes back a false `interrupted`. @throws {StoreError} */
  heartbeat(): void {
    withStoreErrors(this.#path, this.#heartbeat);
  }

  /** Adds a line of the runner's own to the diary. @throws {StoreError} */
  note(type: string, text: string): void {
    withStoreErrors(this.#path, () => this.#note(type, text));
  }

  /** Records how the run ended. @throws {StoreError} */
  finish(end: RunEnd): void {
    withStoreErrors(this.#path, () => this.#finish(end));
  }
}

function prepareHeartbeat(database: Database, number: number, addToDiary: AddToDiary) {
  const beat = database.prepare('UPDATE runs SET heartbeat_at = ? WHERE number = ?');
  const revive = database.prepare(
    "UPDATE runs SET state = 'running', ended_at = NULL WHERE number = ? AND state = 'interrupted'",
  );
  const forgetEnd = database.prepare('UPDATE run_details SET end_reason = NULL, end_hint = NULL WHERE run = ?');
  return database.transaction((now: number) => {
    beat.run(now, number);
    if (revive.run(number).changes === 0) return;
    forgetEnd.run(number);
    addToDiary('warning', 'taken for interrupted, but its runner lives: running again', now);
  });
}

function prepareFinish(database: Database, number: number, addToDiary: AddToDiary) {
  const endRun = database.prepare(`
    UPDATE runs SET state = ?, ended_at = ?, heartbeat_at = ?, phase = NULL, eta_seconds = NULL WHERE number = ?`);
  const endDetails = database.prepare(`
    UPDATE run_details SET end_reason = ?, end_hint = ?, exit_code = ?, signal = ?, stderr_tail = ? WHERE run = ?`);
  return database.transaction((end: RunEnd, now: number) => {
    endRun.run(end.state, now, now, number);
    endDetails.run(end.reason, end.hint, end.exitCode, end.signal, end.stderrTail, number);
    addToDiary('end', `${end.state}: ${end.reason}`, now);
  });
}

function restoredText(journal: string): string {
  return (
    `its journal was deleted, moved away or replaced while the run goes on: ${journal} was written anew, with all it had; ` +
    'of checkpoints, only those saved from now on are sure to lie beside it'
  );
}

function gapText(lastSeq: number, seq: number): string {
  const lost = seq === lastSeq + 2 ? `event ${lastSeq + 1} was` : `events ${lastSeq + 1} to ${seq - 1} were`;
  return `${lost} lost on the way from the trainer`;
}
