import type { Metric } from '../metric.ts';
import type { Score } from '../score.ts';
import type { StatisticsRow } from '../statistics-row.ts';
import { requirePaired } from './require-paired.ts';

export interface SentenceGain {
  /** Of the segment, from 0. */
  readonly index: number;
  /** Scores of the two systems' sentences. */
  readonly baseline: number;
  readonly system: number;
  /** By how much the system is better: less TER is better, more of all others. */
  readonly gain: number;
}

/**
 * What each segment gains by the system, from kept rows: the largest gain first, of equal ones the earlier segment.
 *
 * @param metric for BLEU one with `effectiveOrder`: a short sentence has no 4-grams to match
 * @throws {RangeError} when the rows are not of the same segments
 */
export function sentenceGains(
  metric: Metric<Score>,
  baseline: readonly StatisticsRow[],
  system: readonly StatisticsRow[],
): SentenceGain[] {
  requirePaired(baseline, system);
  const gains = baseline.map((row, index) => {
    const [before, after] = [row, system[index] ?? []].map((one) => metric.scoreFromStatistics(one).score);
    const difference = (after ?? 0) - (before ?? 0);
    return {
      index,
      baseline: before ?? 0,
      system: after ?? 0,
      gain: metric.isHigherBetter ? difference : -difference,
    };
  });
  return gains.sort((left, right) => right.gain - left.gain || left.index - right.index);
}
