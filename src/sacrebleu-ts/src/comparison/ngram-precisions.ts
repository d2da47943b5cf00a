import { sumRows } from '../metric.ts';
import type { StatisticsRow } from '../statistics-row.ts';

export interface NgramPrecision {
  /** Words of the n-gram, from 1. */
  readonly order: number;
  /** N-grams that are in a reference, and all: of the baseline, of the system. */
  readonly baseline: NgramCounts;
  readonly system: NgramCounts;
  /** Of the system's precision beyond the baseline's; null where one has no n-grams. */
  readonly difference: number | null;
}

export interface NgramCounts {
  readonly matches: number;
  readonly total: number;
  /** Percent; null without n-grams. */
  readonly precision: number | null;
}

/**
 * How many of each system's n-grams are in a reference, order by order and without smoothing.
 *
 * @param baseline, system rows of `BLEU.corpusStatistics`
 * @throws {RangeError} without rows
 */
export function ngramPrecisions(
  baseline: readonly StatisticsRow[],
  system: readonly StatisticsRow[],
): NgramPrecision[] {
  const [ofBaseline, ofSystem] = [countsOf(baseline), countsOf(system)];
  return ofBaseline.map((before, index) => {
    const after = ofSystem[index] ?? { matches: 0, total: 0, precision: null };
    const isKnown = before.precision !== null && after.precision !== null;
    const difference = isKnown ? (after.precision ?? 0) - (before.precision ?? 0) : null;
    return { order: index + 1, baseline: before, system: after, difference };
  });
}

function countsOf(rows: readonly StatisticsRow[]): NgramCounts[] {
  const [, , ...counts] = sumRows(rows);
  const orders = counts.length / 2;
  return counts.slice(0, orders).map((matches, index) => {
    const total = counts[orders + index] ?? 0;
    return { matches, total, precision: total === 0 ? null : (100 * matches) / total };
  });
}
