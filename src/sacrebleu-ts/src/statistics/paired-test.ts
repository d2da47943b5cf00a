/** Paired significance tests of systems against a baseline: bootstrap resampling and approximate randomization. */
import type { Metric, References } from '../metric.ts';
import type { Score } from '../score.ts';
import { type PairedTestJob, packRows } from '../worker/resampling-job.ts';
import { runInWorker } from '../worker/run-in-worker.ts';
import {
  defaultSamples,
  type MetricStatistics,
  type PairedNumbers,
  type PairedResult,
  type PairedTestOptions,
  type PairedTestType,
  pairedTestSteps,
  samplesOf,
} from './paired-test-steps.ts';
import { isWorthAWorker, runInSteps, runToEnd, type StepOptions } from './run-steps.ts';

export interface NamedSystem {
  readonly name: string;
  readonly hypotheses: readonly string[];
}

export interface PairedTestInput extends PairedTestOptions {
  readonly metrics: readonly Metric<Score>[];
  /** The first is the baseline. */
  readonly systems: readonly NamedSystem[];
  readonly refs: References;
}

export interface PairedMetricResult {
  /** The score's name, such as `chrF2++`. */
  readonly name: string;
  readonly signature: string;
  readonly shortSignature: string;
  /** One a system, in order. */
  readonly results: readonly PairedResult[];
}

export interface PairedTestResult {
  readonly type: PairedTestType;
  /** As it was done, the default filled in. */
  readonly nSamples: number;
  readonly systems: readonly string[];
  readonly metrics: readonly PairedMetricResult[];
}

/**
 * Tests each system against the first.
 *
 * @throws {RangeError} without a second system, a metric, or a segment; as `corpusScore` besides
 */
export function pairedTest(input: PairedTestInput): PairedTestResult {
  return pairedTestOfStatistics({ ...input, ...keptOf(input) });
}

/**
 * As `pairedTest`; only the tokenizing holds the event loop, see `pairedTestOfStatisticsAsync`.
 * @throws the signal's reason once it is aborted
 */
export async function pairedTestAsync(input: PairedTestInput & StepOptions): Promise<PairedTestResult> {
  return pairedTestOfStatisticsAsync({ ...input, ...keptOf(input) });
}

export interface KeptPairedTestInput extends PairedTestOptions {
  /** Each metric has scored the systems: its signature knows the references. */
  readonly metrics: readonly MetricStatistics[];
  readonly systems: readonly string[];
}

/** As `pairedTest`, from statistics that `corpusStatistics` gave: nothing is tokenized. */
export function pairedTestOfStatistics(input: KeptPairedTestInput): PairedTestResult {
  requireOptions(input);
  return withNames(runToEnd(pairedTestSteps(input.metrics, input)), input);
}

/**
 * As `pairedTestOfStatistics`, in a worker thread where there are such and the test is worth one, else giving way to other
 * work now and then. @throws the signal's reason once it is aborted
 */
export async function pairedTestOfStatisticsAsync(input: KeptPairedTestInput & StepOptions): Promise<PairedTestResult> {
  requireOptions(input);
  const { type, nSamples, nArConfidence, seed, profile } = input;
  const options = { type, nSamples, nArConfidence, seed, profile };
  const job = isWorthAWorker(rowsOf(input.metrics) * samplesOf(options)) ? jobOf(input.metrics, options) : null;
  const numbers = job && (await runInWorker(job, input));
  if (numbers !== null) return withNames(numbers, input);
  return withNames(await runInSteps(pairedTestSteps(input.metrics, options), input), input);
}

/** The test for a worker; null where a metric's way to score cannot be told. */
function jobOf(metrics: readonly MetricStatistics[], options: PairedTestOptions): PairedTestJob | null {
  const told = metrics.flatMap(({ metric: { scoring }, statistics }) =>
    scoring === null ? [] : [{ scoring, statistics: statistics.map(packRows) }],
  );
  return told.length === metrics.length ? { type: 'paired-test', metrics: told, options } : null;
}

function keptOf({ metrics, systems, refs }: PairedTestInput): Pick<KeptPairedTestInput, 'metrics' | 'systems'> {
  return {
    systems: systems.map(({ name }) => name),
    metrics: metrics.map((metric) => ({
      metric,
      statistics: metric.systemsStatistics(
        systems.map(({ hypotheses }) => hypotheses),
        refs,
      ),
    })),
  };
}

function withNames(
  { nSamples, resampling, metrics }: PairedNumbers,
  { type, systems, metrics: kept }: KeptPairedTestInput,
): PairedTestResult {
  const named = kept.map(({ metric }, place): PairedMetricResult => {
    const { name = '', results = [] } = metrics[place] ?? {};
    const signature = metric.getSignature({ resampling });
    return { name, signature, shortSignature: metric.getSignature({ short: true, resampling }), results };
  });
  return { type, nSamples, systems, metrics: named };
}

function rowsOf(metrics: readonly MetricStatistics[]): number {
  return metrics.flatMap(({ statistics }) => statistics).reduce((total, rows) => total + rows.length, 0);
}

function requireOptions({ metrics, systems, type, nSamples = 0 }: KeptPairedTestInput): void {
  if (!Object.hasOwn(defaultSamples, type))
    throw new RangeError(`Test type '${type}' is not supported; supported are: bs, ar.`);
  if (!Number.isInteger(nSamples) || nSamples < 0)
    throw new RangeError(`nSamples is ${nSamples}; expected a whole number, 0 or more.`);
  if (metrics.length === 0) throw new RangeError('A paired test needs a metric.');
  if (systems.length < 2) throw new RangeError('A paired test needs two systems or more; the first is the baseline.');
  if (metrics.some(({ statistics }) => statistics.length !== systems.length)) {
    throw new RangeError(`Each metric needs statistics of all ${systems.length} systems.`);
  }
}
