/** A range of whole numbers: from `from` up to but not `to`, or without an end where that is null. */
export interface Bucket {
  readonly from: number;
  readonly to: number | null;
}

/**
 * The buckets between these limits: one below the first, one from the last on.
 *
 * @param limits whole numbers above 0, ascending
 * @throws {RangeError} when they are not
 */
export function bucketsBetween(limits: readonly number[]): Bucket[] {
  const edges = [0, ...limits];
  for (const [index, edge] of edges.entries()) {
    if (!Number.isInteger(edge) || (index > 0 && edge <= (edges[index - 1] ?? 0))) {
      throw new RangeError(`limits are ${limits.join(', ')}; expected whole numbers above 0, ascending.`);
    }
  }
  return edges.map((from, index) => ({ from, to: edges[index + 1] ?? null }));
}

/** The number of the bucket that holds the value, 0 or more. */
export function bucketOf(value: number, buckets: readonly Bucket[]): number {
  return buckets.findLastIndex(({ from }) => value >= from);
}

/** `12`, `10-19`, `60+`: whole numbers as a person reads them. */
export function bucketLabel({ from, to }: Bucket): string {
  if (to === null) return `${from}+`;
  return to === from + 1 ? String(from) : `${from}-${to - 1}`;
}
