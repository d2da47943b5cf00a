/**
 * Scores of corpora drawn anew from a corpus: bootstrap samples (segments drawn with replacement) and randomization trials
 * (two systems' segments swapped at random). Both work on kept statistics, so nothing is tokenized again.
 *
 * Each is a generator that yields the share done, so that a caller can show progress, or stop.
 */
import type { StatisticsRow } from '../statistics-row.ts';
import type { DefaultRng } from './default-rng.ts';
import type { Profile } from './profile.ts';
import { bootstrapSums, swappedSums } from './sample-sums.ts';
import { double, type Scalar } from './scalar.ts';
import { type ScoreList, scoreList } from './score-list.ts';
import type { Scoring } from './scoring.ts';

/** What resampling needs of a metric. */
export interface ResampledMetric {
  /** Its way to score, for another thread; null or nothing where it cannot be told. */
  readonly scoring?: Scoring | null;
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
  requireSameLength(tracks);
  const sums = bootstrapSums(
    tracks.map(({ rows }) => rows),
    rng,
  );
  const scores = tracks.map((): Scalar[] => []);
  for (let sample = 0; sample < samples; sample++) {
    const ofTracks = sums.next();
    for (const [place, { metric }] of tracks.entries()) {
      scores[place]?.push(metric.resampledScore(ofTracks[place] ?? [], profile));
    }
    if (sample % BETWEEN_YIELDS === BETWEEN_YIELDS - 1) yield (sample + 1) / samples;
  }
  sums.close();
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
  requireSameLength(
    pairs.flatMap(({ metric, baseline, system }) => [
      { metric, rows: baseline },
      { metric, rows: system },
    ]),
  );
  const sums = swappedSums(pairs, rng);
  const differences = pairs.map((): Scalar[] => []);
  for (let trial = 0; trial < trials; trial++) {
    const ofPairs = sums.next();
    for (const [place, { metric }] of pairs.entries()) {
      const [first, second] = ofPairs[place] ?? [[], []];
      const difference = Math.abs(metric.trialScore(first, profile) - metric.trialScore(second, profile));
      differences[place]?.push(double(difference));
    }
    if (trial % BETWEEN_YIELDS === BETWEEN_YIELDS - 1) yield (trial + 1) / trials;
  }
  sums.close();
  return differences.map(scoreList);
}

function requireSameLength(tracks: readonly Track[]): void {
  const segments = tracks[0]?.rows.length ?? 0;
  if (segments === 0) throw new RangeError('There are no segments to resample.');
  const odd = tracks.find(({ rows }) => rows.length !== segments);
  if (odd !== undefined)
    throw new RangeError(`Statistics of ${segments} and of ${odd.rows.length} segments cannot be paired.`);
}
