/**
 * Columns of whole numbers in the memory of the resampling module, and the random stream that weights their segments. One
 * kernel serves one resampling.
 */
import type { StreamPosition } from '../statistics/default-rng.ts';
import { type GlobalName, PASS_COLUMNS, resamplingModule, VECTOR_BYTES, WORD_COINS } from './resampling-module.ts';

/** What of WebAssembly is used, so that the package needs no platform's types. */
declare const WebAssembly:
  | {
      readonly Memory: new (limits: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (module: object, imports: object) => { readonly exports: object };
    }
  | undefined;

type KernelExports = {
  readonly drawIndices: (target: number, end: number, bound: bigint, threshold: number, weights: number) => void;
  readonly tossCoins: (target: number, count: bigint) => void;
  readonly addWeighted: (place: number, end: number, columns: number, sums: number) => void;
} & Record<GlobalName, { value: number | bigint }>;

const PAGE_BYTES = 65_536;
const MASK_64 = 2n ** 64n - 1n;
/** Bits of a column's lower part, where 16 are too few for the whole of it. */
const LOW_BITS = 15;

export class ResamplingKernel {
  /** Segment numbers of the last sample. */
  readonly indices: Int32Array;
  /** The last sums, one a column. */
  readonly sums: Float64Array;
  private readonly module: KernelExports;
  private readonly weights: Int16Array;
  /** Where the columns begin. */
  private readonly start: number;
  /** What the module adds: each column, or its lower and its upper part. */
  private readonly parts: readonly ColumnPart[];
  /** Four numbers a part, which add up to its sum. */
  private readonly sumsOfParts: Int32Array;
  private readonly segments: number;

  /**
   * @param columns one array a column, a whole number a segment; no sum of as many of its numbers as there are segments
   *                reaches 2^31
   * @throws whatever the engine throws where it lacks WebAssembly, its vectors, or the memory
   */
  constructor(columns: readonly Float64Array[], segments: number) {
    if (WebAssembly === undefined) throw new TypeError('There is no WebAssembly here.');
    this.segments = segments;
    this.parts = columns.flatMap(partsOf);
    const length = Math.ceil(segments / WORD_COINS) * WORD_COINS;
    const passes = Math.ceil(this.parts.length / PASS_COLUMNS);
    const weightsStart = passes * PASS_COLUMNS * VECTOR_BYTES;
    this.start = weightsStart + 2 * length;
    const indicesStart = this.start + passes * PASS_COLUMNS * 2 * length;
    const bytes = indicesStart + 4 * segments + 4;
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(resamplingModule()), { env: { memory } });
    const { buffer } = memory;
    this.module = instance.exports as KernelExports;
    this.sums = new Float64Array(columns.length);
    this.sumsOfParts = new Int32Array(buffer, 0, 4 * this.parts.length);
    this.weights = new Int16Array(buffer, weightsStart, length);
    this.indices = new Int32Array(buffer, indicesStart, segments);
    for (const [place, { numbers }] of this.parts.entries()) {
      new Int16Array(buffer, this.start + place * 2 * length, segments).set(numbers);
    }
  }

  /** Draws go on from here. */
  set position({ state, increment, spare }: StreamPosition) {
    const { module } = this;
    module.stateHigh.value = BigInt.asIntN(64, state >> 64n);
    module.stateLow.value = BigInt.asIntN(64, state);
    module.incrementHigh.value = BigInt.asIntN(64, increment >> 64n);
    module.incrementLow.value = BigInt.asIntN(64, increment);
    module.spare.value = spare ?? 0;
    module.hasSpare.value = spare === null ? 0 : 1;
  }

  get position(): StreamPosition {
    const { module } = this;
    const wide = (high: GlobalName, low: GlobalName): bigint =>
      ((BigInt(module[high].value) & MASK_64) << 64n) | (BigInt(module[low].value) & MASK_64);
    return {
      state: wide('stateHigh', 'stateLow'),
      increment: wide('incrementHigh', 'incrementLow'),
      spare: module.hasSpare.value === 0 ? null : Number(module.spare.value) >>> 0,
    };
  }

  /** Draws as many segments as there are, with replacement, and adds their numbers. */
  addSample(): void {
    const { indices, segments, module, weights } = this;
    weights.fill(0);
    const { byteOffset } = indices;
    module.drawIndices(byteOffset, byteOffset + 4 * segments, BigInt(segments), 2 ** 32 % segments, weights.byteOffset);
    this.addWeighted();
  }

  /** Tosses a coin for each segment, and adds the numbers of those where it is 1. */
  addTossed(): void {
    this.module.tossCoins(this.weights.byteOffset, BigInt(this.segments));
    this.addWeighted();
  }

  private addWeighted(): void {
    const { weights, sums, sumsOfParts, parts } = this;
    const { byteOffset, byteLength } = weights;
    for (let first = 0; first < parts.length; first += PASS_COLUMNS) {
      this.module.addWeighted(
        byteOffset,
        byteOffset + byteLength,
        this.start + first * byteLength,
        first * VECTOR_BYTES,
      );
    }
    sums.fill(0);
    for (const [part, { column, unit }] of parts.entries()) {
      let sum = 0;
      for (let lane = 4 * part; lane < 4 * part + 4; lane++) sum += sumsOfParts[lane] ?? 0;
      sums[column] = (sums[column] ?? 0) + unit * sum;
    }
  }
}

interface ColumnPart {
  readonly column: number;
  /** What its numbers count in. */
  readonly unit: number;
  readonly numbers: Float64Array;
}

function partsOf(numbers: Float64Array, column: number): ColumnPart[] {
  if (fitIn16Bits(numbers)) return [{ column, unit: 1, numbers }];
  return [
    { column, unit: 1, numbers: numbers.map((value) => value & (2 ** LOW_BITS - 1)) },
    { column, unit: 2 ** LOW_BITS, numbers: numbers.map((value) => value >> LOW_BITS) },
  ];
}

function fitIn16Bits(numbers: Float64Array): boolean {
  return numbers.every((value) => value >= -(2 ** 15) && value < 2 ** 15);
}
