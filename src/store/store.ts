/** The open store: all runs of a folder. Reading costs a query each time, only thinned series are kept; rows are fresh and typed. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import type { LineProblem } from '../engine/run/protocol.ts';
import { beginJournalAnew } from './begin-journal-anew.ts';
import { catchUp } from './catch-up.ts';
import { missingFromStore } from './compare-journal.ts';
import { createRun, type NewRun, reserveRunId } from './create-run.ts';
import { deleteRun } from './delete-run.ts';
import { flushed } from './flushed.ts';
import { isForeignJournal } from './foreign-journal.ts';
import { Journal, journalPath } from './journal.ts';
import { type JournalTail, readJournalTail } from './journal-tail.ts';
import { markInterrupted, markStopRequested, markTrainerGone } from './mark-run.ts';
import { MetricSeriesReader, metricNames } from './metric-series.ts';
import { checkpoints, events, lineProblems, parameters, samples } from './read-diary.ts';
import { beforeAfter, evaluations, translations } from './read-evaluations.ts';
import type { ParseEnvelope } from './read-journal.ts';
import { findRun, listRuns, orphanedRuns, readRun, unfinishedRuns } from './read-runs.ts';
import { lastSeq, rebuildRun } from './rebuild-run.ts';
import { resumeRun } from './resume-run.ts';
import type {
  BeforeAfter,
  CheckpointRow,
  EvaluationRow,
  EventRow,
  MetricPoint,
  RunnerIdentity,
  RunRecord,
  RunSummary,
  SampleRow,
  TranslationRow,
} from './rows.ts';
import { assertRunId } from './run-id.ts';
import { RunWriter } from './run-writer.ts';
import { withStoreErrors } from './sqlite-error.ts';

export interface StoreSetting {
  readonly directory: string;
  /** Of the database file. */
  readonly path: string;
  /** Which file lay there when it was opened. */
  readonly file: string | null;
  readonly warnings: readonly string[];
  readonly now: () => number;
}

/** Made by `openStore`. Every method throws StoreError when SQLite cannot do it. */
export class Store {
  readonly directory: string;
  /** What the user should know about how the store works here; usually nothing. */
  readonly warnings: readonly string[];
  readonly #database: Database;
  readonly #path: string;
  readonly #file: string | null;
  readonly #now: () => number;
  readonly #journals = new Set<Journal>();
  readonly #series: MetricSeriesReader;

  constructor(database: Database, { directory, path, file, warnings, now }: StoreSetting) {
    this.directory = directory;
    this.warnings = warnings;
    this.#database = database;
    this.#series = new MetricSeriesReader(database);
    this.#path = path;
    this.#file = file;
    this.#now = now;
  }

  /** Says whether another file lies in its place now, as after a repair; then this one is that which was set aside. */
  isReplaced(): boolean {
    const file = identityOfFile(this.#path);
    return file !== null && file !== this.#file;
  }

  /** Gives back all runs, the newest first. */
  listRuns(): RunSummary[] {
    return this.#do((database) => listRuns(database));
  }

  /** Gives back the run a user means: an id, a beginning that only it has, or `last`. @throws {StoreError} with the nearest */
  findRun(typed: string): RunRecord {
    return this.#do((database) => findRun(database, typed, this.directory, this.#runsDirectory));
  }

  readRun(id: string): RunRecord | null {
    return this.#do((database) => readRun(database, id, this.#runsDirectory));
  }

  /** Gives back the runs that are pending or running. */
  unfinishedRuns(): RunRecord[] {
    return this.#do((database) => unfinishedRuns(database, this.#runsDirectory));
  }

  /** Gives back the interrupted runs whose trainer is not known to have ended. */
  orphanedRuns(): RunRecord[] {
    return this.#do((database) => orphanedRuns(database, this.#runsDirectory));
  }

  /** Gives back the flattened experiment: dotted path to text. */
  parameters(id: string): Record<string, string> {
    return this.#do((database) => parameters(database, id));
  }

  metricNames(id: string): string[] {
    return this.#do((database) => metricNames(database, id));
  }

  /** Gives back a series by rising step, thinned out to `maxPoints` (4 or more) with its peaks kept. */
  metricSeries(id: string, metric: string, maxPoints = Number.POSITIVE_INFINITY): MetricPoint[] {
    return this.#do(() => this.#series.read(id, metric, maxPoints));
  }

  /** Gives back the evaluations in the order they were made. */
  evaluations(id: string): EvaluationRow[] {
    return this.#do((database) => evaluations(database, id));
  }

  /** Gives back the before/after record, or null while there is none or the two cannot be compared. */
  beforeAfter(id: string): BeforeAfter | null {
    return this.#do((database) => beforeAfter(database, id));
  }

  /** Gives back validation sentences with both translations, by index; all of them without `limit`. */
  translations(id: string, { offset = 0, limit = -1 }: { offset?: number; limit?: number } = {}): TranslationRow[] {
    return this.#do((database) => translations(database, id, offset, limit));
  }

  /** Gives back the newest samples, at most `limit`, the oldest of them first. */
  samples(id: string, limit: number): SampleRow[] {
    return this.#do((database) => samples(database, id, limit));
  }

  /** Gives back the checkpoints by rising step, also those removed since. */
  checkpoints(id: string): CheckpointRow[] {
    return this.#do((database) => checkpoints(database, id, this.runDirectory(id)));
  }

  /** Gives back the lines of the corpus that were left out. */
  lineProblems(id: string): LineProblem[] {
    return this.#do((database) => lineProblems(database, id));
  }

  /** Gives back the newest lines of the diary, at most `limit`, the oldest of them first. */
  events(id: string, limit: number): EventRow[] {
    return this.#do((database) => events(database, id, limit));
  }

  /** Gives back the folder of a run's checkpoints and logs. */
  runDirectory(id: string): string {
    return join(this.#runsDirectory, id);
  }

  /** Gives back a new id whose folder is made, for a run that another process will create. */
  reserveRunId(): string {
    return this.#do((database) => reserveRunId(database, this.#runsDirectory));
  }

  /**
   * Creates a pending run and its folder. @throws {StoreError} when its id is taken or no id
   *
   * @param assertMay  throws where the run may not begin after all; called when its journal tells of it, and nothing else does
   */
  createRun(run: NewRun, assertMay?: () => void): RunWriter {
    return this.#do((database) => {
      if (run.id !== undefined) assertRunId(run.id);
      const { id, number, journal } = flushed(database, () =>
        createRun(database, this.#runsDirectory, run, this.#now(), assertMay),
      );
      this.#journals.add(journal);
      const directory = this.runDirectory(id);
      return new RunWriter(
        database,
        { id, number, directory, lastSeq: 0, journal, runner: run.runner },
        this.#path,
        this.#now,
      );
    });
  }

  /**
   * Takes an ended run up again for `runner`. @throws {StoreError} unless it was interrupted, failed or stopped
   *
   * @param assertMay  as for `createRun`
   */
  resumeRun(id: string, runner: RunnerIdentity, assertMay: () => void = () => {}): RunWriter {
    return this.#do((database) => {
      const directory = this.runDirectory(id);
      const journal = new Journal(directory);
      const at = this.#now();
      let begun: string | null = null;
      const run = flushed(database, () =>
        resumeRun(database, id, runner, at, ({ state, lastSeq, endedAt }) => {
          mkdirSync(directory, { recursive: true, mode: 0o700 }); // not before: the run may just have been deleted
          const record = readRun(database, id, this.#runsDirectory);
          begun = record && beginJournalAnew(journal, record);
          journal.append({ type: 'resumed', at, runner, lastSeq, was: state, endedAt });
          assertMay();
        }),
      );
      this.#journals.add(journal);
      const writer = new RunWriter(database, { id, directory, ...run, journal, runner }, this.#path, this.#now);
      if (begun !== null) writer.note('warning', begun);
      return writer;
    });
  }

  /**
   * Writes what the journal of a run has beyond the store: after a power cut, or a damaged log of SQLite's. Only for a run
   * whose runner is dead. @returns whether there was something
   *
   * @param rebuilds  whether to make the run anew where need be, which takes as long as its whole journal does
   */
  catchUp(id: string, parseEnvelope: ParseEnvelope, rebuilds = true): boolean {
    return this.#do((database) => catchUp(database, id, this.runDirectory(id), parseEnvelope, rebuilds));
  }

  /** Gives back how a run ended as its journal tells, null when that knows of no end, or of less than the store. */
  endInJournal(id: string, parseEnvelope: ParseEnvelope): JournalTail['end'] {
    return this.#do((database) => {
      const path = journalPath(this.runDirectory(id));
      const createdAt = readRun(database, id, this.#runsDirectory)?.createdAt ?? null;
      if (createdAt !== null && isForeignJournal(path, createdAt)) return null;
      const tail = existsSync(path) ? readJournalTail(path, parseEnvelope) : null;
      return tail !== null && tail.lastSeq >= lastSeq(database, id) ? tail.end : null;
    });
  }

  /** Gives back what the store lacks of the whole journal of a run, in words. */
  missingFromStore(id: string, parseEnvelope: ParseEnvelope): string[] {
    return this.#do((database) => missingFromStore(database, id, this.runDirectory(id), parseEnvelope));
  }

  /** Makes a run anew from its journal; one that is not here, from a folder that was copied in, is added. */
  rebuildRun(id: string, parseEnvelope: ParseEnvelope): void {
    this.#do((database) => rebuildRun(database, id, this.runDirectory(id), parseEnvelope));
  }

  /** Gives back the number of the last event of a run; 0 for none. */
  lastSeq(id: string): number {
    return this.#do((database) => lastSeq(database, id));
  }

  /** Deletes a run that has ended, with its folder. @throws {StoreError} when it goes on */
  deleteRun(id: string): void {
    this.#do((database) => deleteRun(database, id, this.runDirectory(id)));
  }

  /**
   * Marks a pending or running run whose runner is dead. @returns false when it was neither
   *
   * @param runner  the dead one; a run that has another by now stays as it is
   */
  markInterrupted(id: string, runner?: RunnerIdentity | null): boolean {
    return this.#do((database) => markInterrupted(database, id, this.#now(), runner));
  }

  /** Marks an interrupted run of a dead runner as having no trainer any more. */
  markTrainerGone(id: string, runner: RunnerIdentity | null): void {
    this.#do((database) => markTrainerGone(database, id, runner));
  }

  /** Notes that a user asked the run to stop. @returns whether this is the first time */
  markStopRequested(id: string): boolean {
    return this.#do((database) => markStopRequested(database, id, this.#now()));
  }

  close(): void {
    try {
      this.#do(() => {
        for (const journal of this.#journals) journal.close();
      });
    } finally {
      this.#database.close();
    }
  }

  get #runsDirectory(): string {
    return join(this.directory, 'runs');
  }

  #do<T>(work: (database: Database) => T): T {
    return withStoreErrors(this.#path, () => work(this.#database));
  }
}

/** Gives back what tells one file from another at the same path, null for none. */
export function identityOfFile(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev} ${found.ino}`;
}
