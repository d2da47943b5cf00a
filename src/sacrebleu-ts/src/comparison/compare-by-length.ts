import type { Metric } from '../metric.ts';
import type { Score } from '../score.ts';
import type { StatisticsRow } from '../statistics-row.ts';
import { type Bucket, bucketOf, bucketsBetween } from './buckets.ts';
import { requirePaired } from './require-paired.ts';

export interface LengthBucket extends Bucket {
  readonly segments: number;
  /** Corpus scores of these segments; null where there are none. */
  readonly baseline: number | null;
  readonly system: number | null;
}

export interface LengthComparison {
  /** For each segment a length, such as its source's or its reference's words: `bleuRow[1]` is the latter. */
  readonly lengths: readonly number[];
  /** Where buckets end and the next begin; 10, 20, … 60 by default, as compare-mt. */
  readonly limits?: readonly number[];
}

/**
 * The score of both systems on the segments of each length, from kept rows.
 *
 * @throws {RangeError} when rows and lengths are not of the same segments, or the limits do not ascend
 */
export function compareByLength(
  metric: Metric<Score>,
  baseline: readonly StatisticsRow[],
  system: readonly StatisticsRow[],
  { lengths, limits = [10, 20, 30, 40, 50, 60] }: LengthComparison,
): LengthBucket[] {
  requirePaired(baseline, system, lengths);
  const buckets = bucketsBetween(limits);
  const members = buckets.map((): number[] => []);
  for (const [index, length] of lengths.entries()) members[bucketOf(length, buckets)]?.push(index);
  return buckets.map((bucket, place) => {
    const segments = members[place] ?? [];
    const scoreOf = (rows: readonly StatisticsRow[]): number | null =>
      segments.length === 0 ? null : metric.scoreOfRows(segments.map((index) => rows[index] ?? [])).score;
    return { ...bucket, segments: segments.length, baseline: scoreOf(baseline), system: scoreOf(system) };
  });
}
