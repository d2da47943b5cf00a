/**
 * Adds the statistics of drawn segments, as NumPy's `stats[indices].sum(0)` in float32.
 *
 * Whole numbers whose sum stays below 2^24 are exact in float32, so the order does not matter: two columns share a
 * float64, 26 bits each, and four of those are added at once. Anything else (TER's mean lengths) is added in NumPy's
 * order, rounding each time.
 */
import type { StatisticsRow } from '../statistics-row.ts';

const EXACT_LIMIT = 2 ** 24;
const HIGH = 2 ** 26;
/** Packed columns added in one pass over the draws. */
const LANES = 4;

export class SegmentSums {
  private readonly sum: Float32Array;
  /** Parts of `sum`, one a track. */
  private readonly parts: readonly Float32Array[];
  /** The columns, one after the other, when their sums are exact; else null. */
  private readonly packed: Float64Array | null;
  private readonly columns: readonly Float32Array[];

  /** @param tracks rows of the same segments; one array a system and metric */
  constructor(tracks: readonly (readonly StatisticsRow[])[]) {
    const segments = tracks[0]?.length ?? 0;
    const widths = tracks.map((rows) => rows[0]?.length ?? 0);
    this.columns = tracks.flatMap((rows, track) =>
      Array.from({ length: widths[track] ?? 0 }, (_, column) => Float32Array.from(rows, (row) => row[column] ?? 0)),
    );
    this.sum = new Float32Array(this.columns.length);
    let start = 0;
    this.parts = widths.map((width) => {
      start += width;
      return this.sum.subarray(start - width, start);
    });
    this.packed = this.columns.every(hasExactSums) ? pack(this.columns, segments) : null;
  }

  /** The sum of each track over the drawn segments; the arrays are used again by the next call. */
  add(indices: Int32Array): readonly Float32Array[] {
    const { packed, columns, sum } = this;
    if (packed === null) {
      for (const [place, column] of columns.entries()) sum[place] = addInOrder(column, indices);
      return this.parts;
    }
    const totals = new Float64Array(LANES);
    for (let first = 0; first < columns.length; first += 2 * LANES) {
      addPacked(packed, indices, { first: first / 2, segments: columns[0]?.length ?? 0 }, totals);
      for (let lane = 0; lane < LANES; lane++) {
        const total = totals[lane] ?? 0;
        const high = Math.floor(total / HIGH);
        // Writes beyond the end, of lanes no column uses, are dropped.
        sum[first + 2 * lane] = total - high * HIGH;
        sum[first + 2 * lane + 1] = high;
      }
    }
    return this.parts;
  }
}

/** Whether all sums of as many values of the column as it has are exact in float32. */
function hasExactSums(column: Float32Array): boolean {
  const isExact = (value: number): boolean => Number.isInteger(value) && value >= 0;
  return column.every((value) => isExact(value) && value * column.length < EXACT_LIMIT);
}

/** Column 2k in the low 26 bits of lane k and column 2k + 1 above, the lanes filled up to a multiple of `LANES`. */
function pack(columns: readonly Float32Array[], segments: number): Float64Array {
  const lanes = Math.ceil(columns.length / (2 * LANES)) * LANES;
  const packed = new Float64Array(lanes * segments);
  for (const [place, column] of columns.entries()) {
    const start = Math.floor(place / 2) * segments;
    const unit = place % 2 === 0 ? 1 : HIGH;
    for (let segment = 0; segment < segments; segment++) {
      packed[start + segment] = (packed[start + segment] ?? 0) + (column[segment] ?? 0) * unit;
    }
  }
  return packed;
}

function addPacked(
  packed: Float64Array,
  indices: Int32Array,
  { first, segments }: { readonly first: number; readonly segments: number },
  totals: Float64Array,
): void {
  const lane0 = packed.subarray(first * segments, (first + 1) * segments);
  const lane1 = packed.subarray((first + 1) * segments, (first + 2) * segments);
  const lane2 = packed.subarray((first + 2) * segments, (first + 3) * segments);
  const lane3 = packed.subarray((first + 3) * segments, (first + 4) * segments);
  let [total0, total1, total2, total3] = [0, 0, 0, 0];
  for (let draw = 0; draw < indices.length; draw++) {
    const segment = indices[draw] as number;
    total0 += lane0[segment] as number;
    total1 += lane1[segment] as number;
    total2 += lane2[segment] as number;
    total3 += lane3[segment] as number;
  }
  totals.set([total0, total1, total2, total3]);
}

function addInOrder(column: Float32Array, indices: Int32Array): number {
  let total = 0;
  for (let draw = 0; draw < indices.length; draw++) {
    total = Math.fround(total + (column[indices[draw] as number] as number));
  }
  return total;
}
