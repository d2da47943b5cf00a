/** Decoder rows in groups of equal size, each group reading one source sentence. */
export interface SourceGroups {
  /** The sentence of each group. */
  readonly sources: Int32Array;
  /** Rows of each group. */
  readonly size: number;
}

/**
 * Returns the groups after row r has become what row `origins[r]` was, and for each new group one old group that read
 * the same source. Neighbouring rows on one source form a group; unless all groups are equally large, each row is one.
 *
 * @throws {RangeError} when an origin is not a row, or none is left
 */
export function regroup(before: SourceGroups, origins: Int32Array): { groups: SourceGroups; origins: Int32Array } {
  const rows = before.sources.length * before.size;
  if (origins.length === 0) throw new RangeError('no decoder row would be left');
  const groupOfRow = origins.map((origin) => {
    if (origin < 0 || origin >= rows) throw new RangeError(`row ${origin} is not one of ${rows} decoder rows`);
    return Math.floor(origin / before.size);
  });
  const sourceOfRow = groupOfRow.map((group) => before.sources[group] ?? 0);
  const starts = runStarts(sourceOfRow);
  const size = commonLength(starts, origins.length) ?? 1;
  const firstRows = size === 1 ? Int32Array.from(origins.keys()) : starts;
  return {
    groups: { sources: firstRows.map((row) => sourceOfRow[row] ?? 0), size },
    origins: firstRows.map((row) => groupOfRow[row] ?? 0),
  };
}

/** Returns where each run of equal values begins. */
function runStarts(values: Int32Array): Int32Array {
  return Int32Array.from(values.keys()).filter((place) => place === 0 || values[place] !== values[place - 1]);
}

/** Returns the length all runs have, or null when they differ. */
function commonLength(starts: Int32Array, total: number): number | null {
  const length = total / starts.length;
  return starts.every((start, run) => start === run * length) ? length : null;
}
