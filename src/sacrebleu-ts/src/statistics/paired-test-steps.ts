/** The numbers of paired significance tests, from kept statistics: bootstrap resampling and approximate randomization. */
import type { Metric } from '../metric.ts';
import type { Score } from '../score.ts';
import type { ResamplingSignature } from '../signature.ts';
import type { StatisticsRow } from '../statistics-row.ts';
import { DefaultRng } from './default-rng.ts';
import { DEFAULT_PROFILE, type Profile } from './profile.ts';
import { bootstrapScores, type Track, trialDifferences } from './resampling.ts';
import { centred, differences, numpyConfidence, pValue, type ScoreList } from './score-list.ts';

/** `bs`: paired bootstrap resampling (Koehn, 2004); `ar`: approximate randomization (Riezler and Maxwell, 2005). */
export type PairedTestType = 'bs' | 'ar';

export interface PairedTestOptions {
  readonly type: PairedTestType;
  /** Samples or trials; 0, the default, is 1,000 for `bs` and 10,000 for `ar`. */
  readonly nSamples?: number;
  /** Bootstrap samples for intervals beside `ar`; -1, the default, is none, 0 is 1,000. */
  readonly nArConfidence?: number;
  /** 12345 by default; null takes one at random. */
  readonly seed?: number | bigint | null;
  readonly profile?: Profile;
}

/** Statistics that were kept: `statistics[s]` are the rows of system s. */
export interface MetricStatistics {
  readonly metric: Metric<Score>;
  readonly statistics: readonly (readonly StatisticsRow[])[];
}

export interface PairedResult {
  readonly score: number;
  /** Null for the baseline. */
  readonly pValue: number | null;
  /** Mean and 95 % interval of the bootstrap; null where none was made. */
  readonly mean: number | null;
  readonly ci: number | null;
}

/** All that a paired test tells but how its metrics are called in full. */
export interface PairedNumbers {
  /** As it was done, the default filled in. */
  readonly nSamples: number;
  readonly resampling: ResamplingSignature;
  /** `results[s]` is of system s. */
  readonly metrics: readonly { readonly name: string; readonly results: readonly PairedResult[] }[];
}

export const defaultSamples = { bs: 1_000, ar: 10_000 } as const satisfies Record<PairedTestType, number>;
const DEFAULT_SEED = 12345;

/** How many samples or trials the options ask for. */
export function samplesOf({ type, nSamples = 0 }: PairedTestOptions): number {
  return nSamples || defaultSamples[type];
}

/** The steps of the test. @throws {RangeError} when statistics of segments cannot be paired, or the seed is none */
export function* pairedTestSteps(
  kept: readonly MetricStatistics[],
  options: PairedTestOptions,
): Generator<number, PairedNumbers> {
  const { type, seed = DEFAULT_SEED, profile = DEFAULT_PROFILE, nArConfidence = -1 } = options;
  const nSamples = samplesOf(options);
  const arConfidence = nArConfidence === 0 ? defaultSamples.bs : nArConfidence;
  const baselines = kept.map(({ metric, statistics }) => ({ metric, rows: statistics[0] ?? [] }));
  const others = kept.flatMap(({ metric, statistics }) => statistics.slice(1).map((rows) => ({ metric, rows })));
  const scores = kept.map(({ metric, statistics }) => statistics.map((rows) => metric.scoreOfRows(rows, { profile })));

  // Intervals and p-values, all by [metric][system].
  let intervals: ScoreList[][] | null = null;
  let pValues: number[][];
  if (type === 'bs') {
    const rng = new DefaultRng(seed);
    const all = interleaved(baselines, others);
    intervals = grouped(yield* bootstrapScores(all, { samples: nSamples, rng, profile }), kept.length);
    pValues = intervals.map((ofMetric, place) => bootstrapPValues(ofMetric, scores[place] ?? []));
  } else {
    const rng = new DefaultRng(seed);
    const share = arConfidence > 0 ? 0.5 : 1;
    const pairs = kept.flatMap(({ metric, statistics: [baseline = [], ...rest] }) =>
      rest.map((system) => ({ metric, baseline, system })),
    );
    const trials = grouped(
      yield* scaled(trialDifferences(pairs, { trials: nSamples, rng, profile }), share),
      kept.length,
    );
    pValues = trials.map((ofMetric, place) =>
      ofMetric.map((differences, system) => pValue(differences, realDifference(scores[place] ?? [], system + 1))),
    );
    if (arConfidence > 0) {
      // The baseline's samples start a stream of their own; the systems' go on where the coins ended.
      const fresh = new DefaultRng(seed);
      const ofBaselines = yield* bootstrapScores(baselines, { samples: arConfidence, rng: fresh, profile });
      const ofOthers = grouped(yield* bootstrapScores(others, { samples: arConfidence, rng, profile }), kept.length);
      intervals = ofBaselines.map((baseline, place) => [baseline, ...(ofOthers[place] ?? [])]);
    }
  }

  const resampling: ResamplingSignature = {
    bootstrap: type === 'bs' ? nSamples : arConfidence > 0 ? arConfidence : null,
    randomization: type === 'ar' ? nSamples : null,
    seed,
  };
  const metrics = kept.map((_, place) => ({
    name: scores[place]?.[0]?.name ?? '',
    results: (scores[place] ?? []).map(({ score }, system): PairedResult => {
      const resampled = intervals?.[place]?.[system];
      const { mean, ci } = resampled === undefined ? { mean: null, ci: null } : numpyConfidence(resampled);
      return { score, pValue: system === 0 ? null : (pValues[place]?.[system - 1] ?? null), mean, ci };
    }),
  }));
  return { nSamples, resampling, metrics };
}

function bootstrapPValues([baseline, ...others]: readonly ScoreList[], scores: readonly Score[]): number[] {
  if (baseline === undefined) return [];
  return others.map((system, index) => {
    return pValue(centred(differences(system, baseline)), realDifference(scores, index + 1));
  });
}

function realDifference(scores: readonly Score[], system: number): number {
  return Math.abs((scores[0]?.score ?? 0) - (scores[system]?.score ?? 0));
}

/** Each baseline before the other systems of its metric. */
function interleaved(baselines: readonly Track[], others: readonly Track[]): Track[] {
  const perMetric = others.length / baselines.length;
  return baselines.flatMap((baseline, place) => [
    baseline,
    ...others.slice(place * perMetric, (place + 1) * perMetric),
  ]);
}

function grouped(lists: readonly ScoreList[], metrics: number): ScoreList[][] {
  const perMetric = lists.length / metrics;
  return Array.from({ length: metrics }, (_, place) => lists.slice(place * perMetric, (place + 1) * perMetric));
}

function* scaled<Result>(steps: Generator<number, Result>, share: number): Generator<number, Result> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    yield step.value * share;
  }
}
