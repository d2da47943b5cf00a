/**
 * Scores of corpora drawn anew from a corpus: bootstrap samples (segments drawn with replacement) and randomization trials
 * (two systems' segments swapped at random). Both work on kept statistics, so nothing is tokenized again.
 *
 * Each is a generator that yields the share done, so that a caller can show progress, or stop.
 */
import type { StatisticsRow } from '../statistics-row.ts';
import type { DefaultRng } from './default-rng.ts';
import type { Profile } from './profile.ts';
import { double, type Scalar } from './scalar.ts';
import { type ScoreList, scoreList } from './score-list.ts';
import { SegmentSums } from './segment-sums.ts';

/** What resampling needs of a metric. */
export interface ResampledMetric {
  /** The score of added float32 statistics, as NumPy works it out. */
  resampledScore(sum: ArrayLike<number>, profile: Profile): Scalar;
  /** The score of the statistics of one randomization trial. */
  trialScore(sum: StatisticsRow, profile: Profile): number;
}

/** One system under one metric: the statistics of its segments. */
export interface Track {
  readonly metric: ResampledMetric;
  readonly rows: readonly StatisticsRow[];
}

/** Samples between two words of progress. */
const BETWEEN_YIELDS = 16;

/**
 * The scores of bootstrap samples, the same samples for all tracks.
 *
 * @param tracks their rows belong to the same segments
 */
export function* bootstrapScores(
  tracks: readonly Track[],
  { samples, rng, profile }: { readonly samples: number; readonly rng: DefaultRng; readonly profile: Profile },
): Generator<number, ScoreList[]> {
  const segments = requireSameLength(tracks);
  const sums = new SegmentSums(tracks.map(({ rows }) => rows));
  const indices = new Int32Array(segments);
  const scores = tracks.map((): Scalar[] => []);
  for (let sample = 0; sample < samples; sample++) {
    rng.fillIntegers(indices, segments);
    const ofTracks = sums.add(indices);
    for (const [place, { metric }] of tracks.entries()) {
      scores[place]?.push(metric.resampledScore(ofTracks[place] ?? [], profile));
    }
    if (sample % BETWEEN_YIELDS === BETWEEN_YIELDS - 1) yield (sample + 1) / samples;
  }
  return scores.map(scoreList);
}

/** A system beside the baseline, under one metric. */
export interface TrackPair {
  readonly metric: ResampledMetric;
  readonly baseline: readonly StatisticsRow[];
  readonly system: readonly StatisticsRow[];
}

/**
 * The absolute score differences of randomization trials, the same trials for all pairs: each segment keeps its side or
 * changes it, by the toss of a coin.
 */
export function* trialDifferences(
  pairs: readonly TrackPair[],
  { trials, rng, profile }: { readonly trials: number; readonly rng: DefaultRng; readonly profile: Profile },
): Generator<number, ScoreList[]> {
  const segments = requireSameLength(
    pairs.flatMap(({ metric, baseline, system }) => [
      { metric, rows: baseline },
      { metric, rows: system },
    ]),
  );
  const fillBooleans = rng.booleans();
  const isKept = new Uint8Array(segments);
  const differences = pairs.map((): Scalar[] => []);
  for (let trial = 0; trial < trials; trial++) {
    fillBooleans(isKept);
    for (const [place, { metric, baseline, system }] of pairs.entries()) {
      const first = addSelected(baseline, system, isKept);
      const second = addSelected(system, baseline, isKept);
      const difference = Math.abs(metric.trialScore(first, profile) - metric.trialScore(second, profile));
      differences[place]?.push(double(difference));
    }
    if (trial % BETWEEN_YIELDS === BETWEEN_YIELDS - 1) yield (trial + 1) / trials;
  }
  return differences.map(scoreList);
}

/** The rows of `kept` where the coin says so, and those of `other` elsewhere, each added by itself, then together. */
function addSelected(kept: readonly StatisticsRow[], other: readonly StatisticsRow[], isKept: Uint8Array): number[] {
  const columns = kept[0]?.length ?? 0;
  const ofKept = new Array<number>(columns).fill(0);
  const ofOther = new Array<number>(columns).fill(0);
  for (let segment = 0; segment < isKept.length; segment++) {
    const row = (isKept[segment] === 1 ? kept : other)[segment] ?? [];
    const sum = isKept[segment] === 1 ? ofKept : ofOther;
    for (let column = 0; column < columns; column++) sum[column] = (sum[column] ?? 0) + (row[column] ?? 0);
  }
  return ofKept.map((value, column) => value + (ofOther[column] ?? 0));
}

function requireSameLength(tracks: readonly Track[]): number {
  const segments = tracks[0]?.rows.length ?? 0;
  if (segments === 0) throw new RangeError('There are no segments to resample.');
  const odd = tracks.find(({ rows }) => rows.length !== segments);
  if (odd !== undefined)
    throw new RangeError(`Statistics of ${segments} and of ${odd.rows.length} segments cannot be paired.`);
  return segments;
}
