/** What goes to a resampling worker and what comes back. */
import type { BootstrapOptions } from '../statistics/confidence-steps.ts';
import type { PairedNumbers, PairedTestOptions } from '../statistics/paired-test-steps.ts';
import type { Confidence } from '../statistics/score-list.ts';
import type { Scoring } from '../statistics/scoring.ts';
import type { StatisticsRow } from '../statistics-row.ts';

export interface ConfidenceJob {
  readonly type: 'confidence';
  readonly scoring: Scoring;
  readonly rows: PackedRows;
  readonly options: BootstrapOptions;
}

export interface PairedTestJob {
  readonly type: 'paired-test';
  /** One a metric; `statistics[s]` are the rows of system s. */
  readonly metrics: readonly { readonly scoring: Scoring; readonly statistics: readonly PackedRows[] }[];
  readonly options: PairedTestOptions;
}

export type ResamplingJob = ConfidenceJob | PairedTestJob;

/** What a job of that type gives. */
export interface ResamplingResults {
  readonly confidence: Confidence;
  readonly 'paired-test': PairedNumbers;
}

export type WorkerMessage =
  | { readonly type: 'progress'; readonly share: number }
  | { readonly type: 'done'; readonly result: Confidence | PairedNumbers };

/** Rows of one length behind one another: quicker to hand over than arrays. */
export interface PackedRows {
  readonly width: number;
  readonly count: number;
  readonly values: Float64Array;
}

export function packRows(rows: readonly StatisticsRow[]): PackedRows {
  const width = rows[0]?.length ?? 0;
  const values = new Float64Array(rows.length * width);
  for (const [index, row] of rows.entries()) values.set(row, index * width);
  return { width, count: rows.length, values };
}

export function unpackRows({ width, count, values }: PackedRows): StatisticsRow[] {
  return Array.from({ length: count }, (_, index) => Array.from(values.subarray(index * width, (index + 1) * width)));
}
