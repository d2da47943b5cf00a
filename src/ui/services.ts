/**
 * Everything the UI asks of the world, given to it by the command line: so no screen touches SQLite, files or processes,
 * and a test can hand it a real store in a temporary folder.
 */
import type { ConfigProblem } from '../errors.ts';
import type {
  CheckpointRow,
  EvaluationRow,
  EventRow,
  MetricPoint,
  RunRecord,
  RunSummary,
  SampleRow,
  TranslationRow,
} from '../store/rows.ts';

/** A starting point for a new run: an experiment file, by its name, as dotted field paths to the text of their values. */
export interface Preset {
  readonly name: string;
  readonly description: string;
  readonly path: string;
  readonly values: Readonly<Record<string, string>>;
}

/** What paired bootstrap resampling says of one of the systems on the same sentences. */
export interface TestedSystem {
  /** Corpus BLEU, 0 to 100. */
  readonly score: number;
  /** Half the width of the 95 % interval of the score. */
  readonly interval: number | null;
  /** How often resampling finds a difference to the first system as large by chance; null for the first itself. */
  readonly pValue: number | null;
  /** Whether that chance is below the level; null for the first. */
  readonly isSignificant: boolean | null;
}

export interface UiServices {
  listRuns(): readonly RunSummary[];
  readRun(id: string): RunRecord | null;
  /** Flattened experiment of a run: dotted path to text. */
  parameters(id: string): Readonly<Record<string, string>>;
  metricSeries(id: string, metric: string, maxPoints: number): readonly MetricPoint[];
  evaluations(id: string): readonly EvaluationRow[];
  translations(id: string): readonly TranslationRow[];
  samples(id: string, limit: number): readonly SampleRow[];
  checkpoints(id: string): readonly CheckpointRow[];
  events(id: string, limit: number): readonly EventRow[];

  /**
   * The BLEU of the runs' tuned models on the sentences that all have translated, and how sure each one's difference to the
   * first is; of one run, of the model before and after its training. Null where there are no such sentences.
   * @throws the signal's reason once it is aborted
   */
  testRuns(ids: readonly string[], signal: AbortSignal): Promise<readonly TestedSystem[] | null>;

  presets(): readonly Preset[];
  /** All problems of a form's values; empty when a run can start. */
  checkExperiment(values: Readonly<Record<string, string>>): readonly ConfigProblem[];
  /**
   * Writes a form's values as an experiment file; one that exists stays as it is unless `overwrites`.
   *
   * @param fileName  relative to the working directory; `.yaml` is added where it is missing
   * @throws {AppError} when the values make no experiment, or the file cannot be written
   */
  writeExperiment(
    values: Readonly<Record<string, string>>,
    fileName: string,
    overwrites: boolean,
  ): { readonly path: string; readonly isWritten: boolean };
  /** Starts a detached runner. @returns the run's id @throws {AppError} when it cannot start */
  startRun(values: Readonly<Record<string, string>>): Promise<string>;
  /** Asks the runner to stop after its step and save. @throws {AppError} */
  stopRun(id: string): Promise<void>;
  /** Starts a detached runner that goes on with an ended run from its newest checkpoint. @throws {AppError} */
  resumeRun(id: string): Promise<void>;
  /** Deletes an ended run with its folder. @throws {AppError} */
  deleteRun(id: string): Promise<void>;
  /** Milliseconds since 1970. */
  now(): number;
}
