/**
 * Rows of whole numbers in the memory of the resampling module, and the random stream that chooses among them. One
 * kernel serves one resampling.
 */
import type { StreamPosition } from '../statistics/default-rng.ts';
import { type GlobalName, resamplingModule, VECTOR_BYTES } from './resampling-module.ts';

/** What of WebAssembly is used, so that the package needs no platform's types. */
declare const WebAssembly:
  | {
      readonly Memory: new (limits: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (module: object, imports: object) => { readonly exports: object };
    }
  | undefined;

type KernelExports = {
  readonly drawIndices: (target: number, end: number, bound: bigint, threshold: number) => void;
  readonly tossCoins: (target: number, count: bigint) => void;
  readonly addDrawn: (place: number, end: number, rows: number, sums: number) => void;
  readonly addTossed: (place: number, end: number, rows: number, sums: number) => void;
} & Record<GlobalName, { value: number | bigint }>;

const PAGE_BYTES = 65_536;
/** Vectors a pass adds: more than these and their addresses do not fit in registers. */
const MOST_VECTORS = 8;
const MASK_64 = 2n ** 64n - 1n;

export class ResamplingKernel {
  /** Segment numbers of the last sample. */
  readonly indices: Int32Array;
  /** The last sums, one a column. */
  readonly sums: Int32Array;
  private readonly module: KernelExports;
  /** Where in memory each pass's rows begin. */
  private readonly bands: readonly number[];
  private readonly bandBytes: number;
  private readonly segments: number;

  /**
   * @param columns one array a column, a whole number a segment
   * @throws whatever the engine throws where it lacks WebAssembly, its vectors, or the memory
   */
  constructor(columns: readonly ArrayLike<number>[], segments: number) {
    if (WebAssembly === undefined) throw new TypeError('There is no WebAssembly here.');
    const allVectors = Math.ceil(columns.length / 4);
    const passes = Math.ceil(allVectors / MOST_VECTORS);
    const vectors = Math.ceil(allVectors / passes);
    this.segments = segments;
    this.bandBytes = vectors * VECTOR_BYTES;
    const indicesStart = passes * this.bandBytes;
    const rowsStart = Math.ceil((indicesStart + 4 * segments) / VECTOR_BYTES) * VECTOR_BYTES;
    this.bands = Array.from({ length: passes }, (_, pass) => rowsStart + pass * segments * this.bandBytes);
    const bytes = rowsStart + passes * segments * this.bandBytes;
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(resamplingModule(vectors)), { env: { memory } });
    this.module = instance.exports as KernelExports;
    this.sums = new Int32Array(memory.buffer, 0, columns.length);
    this.indices = new Int32Array(memory.buffer, indicesStart, segments);
    const numbers = new Int32Array(memory.buffer);
    for (const [place, column] of columns.entries()) {
      const band = Math.floor(place / (4 * vectors));
      const start = (this.bands[band] ?? 0) / 4 + (place % (4 * vectors));
      for (let segment = 0; segment < segments; segment++)
        numbers[start + segment * 4 * vectors] = column[segment] ?? 0;
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

  /** Draws as many segments as there are, with replacement, and adds their rows. */
  addSample(): void {
    const { indices, segments, module } = this;
    module.drawIndices(indices.byteOffset, indices.byteOffset + 4 * segments, BigInt(segments), 2 ** 32 % segments);
    this.addBands(module.addDrawn, 4 * segments);
  }

  /** Tosses a coin for each segment, and adds the rows of those where it is 1. */
  addTossed(): void {
    const { indices, segments, module } = this;
    module.tossCoins(indices.byteOffset, BigInt(segments));
    this.addBands(module.addTossed, 4 * Math.ceil(segments / 32));
  }

  private addBands(add: KernelExports['addDrawn'], bytes: number): void {
    const start = this.indices.byteOffset;
    for (const [pass, rows] of this.bands.entries()) add(start, start + bytes, rows, pass * this.bandBytes);
  }
}
