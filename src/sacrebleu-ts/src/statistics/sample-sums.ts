/**
 * Sums of drawn rows, one draw after the other: by the WebAssembly kernel where the rows are whole numbers, else, and
 * where there is no WebAssembly, by JavaScript. The draws and the sums are the same.
 */
import type { StatisticsRow } from '../statistics-row.ts';
import { ResamplingKernel } from '../web-assembly/resampling-kernel.ts';
import type { DefaultRng } from './default-rng.ts';
import { SegmentSums } from './segment-sums.ts';

/** Whole numbers up to here, and sums of them, are exact in float32. */
const EXACT_LIMIT = 2 ** 24;
const INT32_LIMIT = 2 ** 31;

type Tracks = readonly (readonly StatisticsRow[])[];

export interface RowDraws<Sums> {
  /** The sums of the next draw, one a track; the arrays are used again by the next call. */
  next(): Sums;
  /** Gives the stream back to the generator it was taken from. */
  close(): void;
}

/**
 * Bootstrap samples: as many segments as there are, with replacement, and their rows added as NumPy does in float32.
 *
 * @param tracks     rows of the same segments, one array a system and metric
 * @param isCompiled false keeps to JavaScript
 */
export function bootstrapSums(
  tracks: Tracks,
  rng: DefaultRng,
  isCompiled = true,
): RowDraws<readonly ArrayLike<number>[]> {
  const segments = tracks[0]?.length ?? 0;
  const columns = columnsOf(tracks);
  const areCounts = columns.every((column) => rangeOf(column).least >= 0);
  const kernel = isCompiled && areCounts ? openKernel(columns, segments) : null;
  if (kernel === null) {
    const sums = new SegmentSums(tracks);
    const indices = new Int32Array(segments);
    return {
      next() {
        rng.fillIntegers(indices, segments);
        return sums.add(indices);
      },
      close() {},
    };
  }
  kernel.position = rng.position;
  const parts = partsOf(kernel.sums, tracks);
  let inOrder: SegmentSums | null = null;
  return {
    next() {
      kernel.addSample();
      // Counts are not negative: a sum that is exact has none on its way that is not.
      if (kernel.sums.every((sum) => sum <= EXACT_LIMIT)) return parts;
      inOrder ??= new SegmentSums(tracks);
      return inOrder.add(kernel.indices);
    },
    close() {
      rng.position = kernel.position;
    },
  };
}

/** The two sides of a randomization trial. */
export type SwappedSums = readonly [first: readonly number[], second: readonly number[]];

/**
 * Randomization trials: each segment keeps its side or changes it, by the toss of a coin.
 *
 * @param pairs      rows of two systems, of the same segments
 * @param isCompiled false keeps to JavaScript
 */
export function swappedSums(
  pairs: readonly { readonly baseline: readonly StatisticsRow[]; readonly system: readonly StatisticsRow[] }[],
  rng: DefaultRng,
  isCompiled = true,
): RowDraws<readonly SwappedSums[]> {
  const segments = pairs[0]?.baseline.length ?? 0;
  const [ofBaselines, ofSystems] = [pairs.map(({ baseline }) => baseline), pairs.map(({ system }) => system)];
  const columns = columnsOf(ofBaselines);
  const others = columnsOf(ofSystems);
  const areWhole = columns.concat(others).every((column) => rangeOf(column).areWhole);
  const totals = columns.map((column, place) => [sumOf(column), sumOf(others[place] ?? [])] as const);
  // What a segment that keeps its side adds to the first sum beyond what one that changes it does.
  for (const [place, column] of columns.entries()) {
    for (let segment = 0; segment < segments; segment++) {
      column[segment] = (column[segment] ?? 0) - (others[place]?.[segment] ?? 0);
    }
  }
  const kernel = isCompiled && areWhole ? openKernel(columns, segments) : null;
  if (kernel === null) {
    const fillBooleans = rng.booleans();
    const isKept = new Uint8Array(segments);
    return {
      next() {
        fillBooleans(isKept);
        return pairs.map(({ baseline, system }) => [
          addSelected(baseline, system, isKept),
          addSelected(system, baseline, isKept),
        ]);
      },
      close() {},
    };
  }
  kernel.position = rng.position;
  const parts = partsOf(kernel.sums, ofBaselines);
  let start = 0;
  const totalsOfPairs = parts.map(({ length }) => {
    start += length;
    return totals.slice(start - length, start);
  });
  return {
    next() {
      kernel.addTossed();
      return parts.map((part, pair) => {
        const ofPair = totalsOfPairs[pair] ?? [];
        const first = ofPair.map(([, ofSystem], place) => ofSystem + (part[place] ?? 0));
        return [first, ofPair.map(([ofBaseline, ofSystem], place) => ofBaseline + ofSystem - (first[place] ?? 0))];
      });
    },
    close() {
      rng.position = kernel.position;
    },
  };
}

/** The kernel with these columns; null where it cannot hold them or there is none. */
function openKernel(columns: readonly Float64Array[], segments: number): ResamplingKernel | null {
  const fits = (column: Float64Array): boolean => {
    const { least, greatest, areWhole } = rangeOf(column);
    return areWhole && Math.max(-least, greatest) * segments < INT32_LIMIT;
  };
  // One segment is drawn without a draw.
  if (segments < 2 || columns.length === 0 || !columns.every(fits)) return null;
  try {
    return new ResamplingKernel(columns, segments);
  } catch {
    // No WebAssembly, not its vectors, or not the memory: JavaScript takes longer to the same sums.
    return null;
  }
}

function columnsOf(tracks: Tracks): Float64Array[] {
  return tracks.flatMap((rows) =>
    (rows[0] ?? []).map((_, place) => {
      const column = new Float64Array(rows.length);
      for (let segment = 0; segment < rows.length; segment++) column[segment] = rows[segment]?.[place] ?? 0;
      return column;
    }),
  );
}

function rangeOf(column: Float64Array): {
  readonly least: number;
  readonly greatest: number;
  readonly areWhole: boolean;
} {
  let [least, greatest, areWhole] = [0, 0, true];
  for (let segment = 0; segment < column.length; segment++) {
    const value = column[segment] ?? 0;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
    areWhole &&= Math.trunc(value) === value;
  }
  return { least, greatest, areWhole };
}

/** Parts of the sums, one a track. */
function partsOf(sums: Float64Array, tracks: Tracks): Float64Array[] {
  let start = 0;
  return tracks.map((rows) => {
    const width = rows[0]?.length ?? 0;
    start += width;
    return sums.subarray(start - width, start);
  });
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] ?? 0;
  return sum;
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
