import type { StatisticsRow } from '../statistics-row.ts';
import { packRows } from '../worker/resampling-job.ts';
import { runInWorker } from '../worker/run-in-worker.ts';
import { type BootstrapOptions, confidenceSteps } from './confidence-steps.ts';
import type { ResampledMetric } from './resampling.ts';
import { isWorthAWorker, runInSteps, runToEnd, type StepOptions } from './run-steps.ts';
import type { Confidence } from './score-list.ts';

/** Mean and 95 % interval of a corpus's score, from its kept statistics. @throws {RangeError} without rows or samples */
export function bootstrapConfidence(
  metric: ResampledMetric,
  rows: readonly StatisticsRow[],
  options: BootstrapOptions,
): Confidence {
  return runToEnd(confidenceSteps(metric, rows, options));
}

/**
 * As `bootstrapConfidence`, in a worker thread where there are such and it is worth one, else giving way to other work
 * now and then. @throws the signal's reason once it is aborted
 */
export async function bootstrapConfidenceAsync(
  metric: ResampledMetric,
  rows: readonly StatisticsRow[],
  { onProgress, signal, ...options }: BootstrapOptions & StepOptions,
): Promise<Confidence> {
  const { scoring = null } = metric;
  if (scoring !== null && isWorthAWorker(rows.length * options.nBootstrap)) {
    const job = { type: 'confidence', scoring, rows: packRows(rows), options } as const;
    const result = await runInWorker(job, { onProgress, signal });
    if (result !== null) return result;
  }
  return runInSteps(confidenceSteps(metric, rows, options), { onProgress, signal });
}
