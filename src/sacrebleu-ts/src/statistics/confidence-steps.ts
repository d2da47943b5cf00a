import type { StatisticsRow } from '../statistics-row.ts';
import { DefaultRng } from './default-rng.ts';
import { DEFAULT_PROFILE, type Profile } from './profile.ts';
import { bootstrapScores, type ResampledMetric } from './resampling.ts';
import { type Confidence, exactConfidence } from './score-list.ts';

export interface BootstrapOptions {
  /** Samples, 1 or more. */
  readonly nBootstrap: number;
  /** 12345 by default; null takes one at random. */
  readonly seed?: number | bigint | null;
  readonly profile?: Profile;
}

/** The steps to the mean and 95 % interval of a corpus's score. @throws {RangeError} without rows or samples */
export function* confidenceSteps(
  metric: ResampledMetric,
  rows: readonly StatisticsRow[],
  { nBootstrap, seed = 12345, profile = DEFAULT_PROFILE }: BootstrapOptions,
): Generator<number, Confidence> {
  if (!Number.isInteger(nBootstrap) || nBootstrap < 1) {
    throw new RangeError(`nBootstrap is ${nBootstrap}; expected a whole number, 1 or more.`);
  }
  const rng = new DefaultRng(seed);
  const [scores] = yield* bootstrapScores([{ metric, rows }], { samples: nBootstrap, rng, profile });
  if (scores === undefined) throw new RangeError('There are no scores.');
  return exactConfidence(scores);
}
