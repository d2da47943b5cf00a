/**
 * The functions of the addon, typed; documented at their bindings in C++. `rows` and `width` are the axes of a matrix;
 * `dropout` is rate (0 for none), seedKey, siteKey.
 */

/** Names a block of native memory; positive. */
export type BlockHandle = number;

export type TypedArray = Float32Array | Int32Array | Uint8Array | Float64Array;

export type DropoutNumbers = readonly [rate: number, seedKey: number, siteKey: number];

/** The functions of the addon. Handles are checked: an unknown one, or a block too small, is a RangeError. */
export interface NativeAddon
  extends RowFunctions,
    AttentionFunctions,
    CrossEntropyFunctions,
    DecoderFunctions,
    LayoutFunctions,
    ArithmeticFunctions {
  // settings-bindings.cc
  /** '' is the best of this machine. Throws when it is unknown or impossible here. */
  chooseIsa(name: string): void;
  isa(): string;
  /** A line each, slowest first: name, tab, what stands in its way or nothing. */
  isas(): string;
  /** 1 when matrix products of the current instruction set are faster with bf16 inputs. */
  isBf16Faster(): number;
  setThreads(count: number): void;
  threads(): number;
  setPrecision(name: 'f32' | 'bf16'): void;
  precision(): string;

  // memory-bindings.cc
  /** Contents are undefined. */
  allocate(bytes: number): BlockHandle;
  free(block: BlockHandle): void;
  write(block: BlockHandle, from: TypedArray, byteOffset?: number): void;
  /** Fills `to`. */
  read(block: BlockHandle, to: TypedArray, byteOffset?: number): void;
  /** Fills with: blocks, bytes in use, bytes idle, allocations from the system so far, bytes of packed weights. */
  memoryCounters(to: Float64Array): void;

  // gemm-bindings.cc
  /** c (+)= activation(op(a)·op(b) + bias). @param flags the sum of GEMM_FLAGS */
  gemm(
    a: BlockHandle,
    b: BlockHandle,
    c: BlockHandle,
    m: number,
    n: number,
    k: number,
    flags: number,
    bias: BlockHandle | null,
    activation: number,
    sum: BlockHandle | null,
  ): void;
}

/** `weight`: B's packed form is kept until B changes. */
export const GEMM_FLAGS = { transposeA: 1, transposeB: 2, accumulate: 4, weight: 8 } as const;

/** What the addon calls the activations. */
export const ACTIVATION_CODES = { none: 0, relu: 1, silu: 2, gelu: 3 } as const;

/** row-bindings.cc */
export interface RowFunctions {
  embed(
    table: BlockHandle,
    tableRows: number,
    positions: BlockHandle,
    positionRows: number,
    width: number,
    ids: Int32Array,
    places: Int32Array,
    scale: number,
    output: BlockHandle,
    ...dropout: DropoutNumbers
  ): void;
  embedBackward(
    gradOutput: BlockHandle,
    ids: Int32Array,
    width: number,
    scale: number,
    padTokenId: number,
    gradTable: BlockHandle,
    tableRows: number,
    adds: boolean,
    ...dropout: DropoutNumbers
  ): void;
  layerNorm(
    x: BlockHandle,
    residual: BlockHandle,
    weight: BlockHandle,
    bias: BlockHandle,
    rows: number,
    width: number,
    normalized: BlockHandle,
    inverseDeviation: BlockHandle,
    output: BlockHandle,
    ...dropout: DropoutNumbers
  ): void;
  /** `gradX` may be null without dropout, where it equals gradResidual. */
  layerNormBackward(
    gradOutput: BlockHandle,
    normalized: BlockHandle,
    inverseDeviation: BlockHandle,
    weight: BlockHandle,
    rows: number,
    width: number,
    gradX: BlockHandle | null,
    gradResidual: BlockHandle,
    gradWeight: BlockHandle,
    addsToWeight: boolean,
    gradBias: BlockHandle,
    addsToBias: boolean,
    ...dropout: DropoutNumbers
  ): void;
  /** `sum` and `gradSum` are null for the activation 0, 'none'. */
  activationBackward(
    gradOutput: BlockHandle,
    sum: BlockHandle | null,
    activation: number,
    rows: number,
    width: number,
    gradSum: BlockHandle | null,
    gradBias: BlockHandle,
    adds: boolean,
  ): void;
  dropout(x: BlockHandle, size: number, output: BlockHandle, ...dropout: DropoutNumbers): void;
  add(a: BlockHandle, b: BlockHandle, size: number, output: BlockHandle): void;
  sumOfSquares(blocks: Int32Array, sizes: Int32Array): number;
  adamw(
    values: Int32Array,
    gradients: Int32Array,
    means: Int32Array,
    squares: Int32Array,
    sizes: Int32Array,
    isDecayed: Int32Array,
    gradientScale: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    stepSize: number,
    squareCorrection: number,
    decay: number,
  ): void;
}

/** layout-bindings.cc: strides, offsets and lengths count elements. */
export interface LayoutFunctions {
  copyStrided(
    from: BlockHandle,
    offset: number,
    shape: Int32Array,
    strides: Int32Array,
    elementBytes: number,
    to: BlockHandle,
  ): void;
  copyRows(
    from: BlockHandle,
    to: BlockHandle,
    rows: number,
    length: number,
    toStride: number,
    toOffset: number,
    elementBytes: number,
  ): void;
  gatherRows(
    from: BlockHandle,
    fromRows: number,
    ids: Int32Array,
    outer: number,
    length: number,
    elementBytes: number,
    to: BlockHandle,
  ): void;
  scatterAddRows(from: BlockHandle, ids: Int32Array, length: number, to: BlockHandle, toRows: number): void;
}

/** arithmetic-bindings.cc: float32. */
export interface ArithmeticFunctions {
  combine(
    kernelName: string,
    a: BlockHandle,
    aStrides: Int32Array,
    b: BlockHandle,
    bStrides: Int32Array,
    shape: Int32Array,
    output: BlockHandle,
  ): void;
  map(kernelName: string, x: BlockHandle, size: number, output: BlockHandle): void;
  reduce(kernelName: string, x: BlockHandle, rows: number, width: number, output: BlockHandle): void;
  argMax(x: BlockHandle, rows: number, width: number, output: BlockHandle): void;
  softmax(x: BlockHandle, rows: number, width: number, output: BlockHandle): void;
  topK(x: BlockHandle, rows: number, width: number, count: number, values: BlockHandle, indices: BlockHandle): void;
  fill(output: BlockHandle, size: number, value: number): void;
  batchGemm(
    a: BlockHandle,
    b: BlockHandle,
    c: BlockHandle,
    batches: number,
    aBatches: number,
    bBatches: number,
    m: number,
    n: number,
    k: number,
    transposeA: boolean,
    transposeB: boolean,
  ): void;
}

/** attention-bindings.cc */
export interface AttentionFunctions {
  attention(
    query: BlockHandle,
    key: BlockHandle,
    value: BlockHandle,
    output: BlockHandle,
    width: number,
    heads: number,
    queryStarts: Int32Array,
    keyStarts: Int32Array,
    isCausal: boolean,
    ...dropout: DropoutNumbers
  ): void;
  attentionBackward(
    query: BlockHandle,
    key: BlockHandle,
    value: BlockHandle,
    gradOutput: BlockHandle,
    gradQuery: BlockHandle,
    gradKey: BlockHandle,
    gradValue: BlockHandle,
    width: number,
    heads: number,
    queryStarts: Int32Array,
    keyStarts: Int32Array,
    isCausal: boolean,
    ...dropout: DropoutNumbers
  ): void;
}

/** cross-entropy-bindings.cc */
export interface CrossEntropyFunctions {
  /** Both gradients, or neither. */
  crossEntropy(
    hidden: BlockHandle,
    head: BlockHandle,
    bias: BlockHandle,
    labels: Int32Array,
    width: number,
    size: number,
    labelSmoothing: number,
    weight: number,
    loss: BlockHandle,
    gradHidden: BlockHandle | null,
    gradHead: BlockHandle | null,
    addsToHead: boolean,
  ): void;
  /** Fills with the seconds that all threads together spent in it since the last call: in products, in all. */
  crossEntropyTimes(to: Float64Array): void;
}

/** decoder-bindings.cc */
export interface DecoderFunctions {
  /** @returns the decoder's number */
  openDecoder(
    layers: number,
    heads: number,
    width: number,
    feedForward: number,
    vocabulary: number,
    positions: number,
    beams: number,
    activation: number,
    embeddingScale: number,
    blocks: Int32Array,
  ): number;
  closeDecoder(decoder: number): void;
  /** @returns the number of the first sentence; the others follow */
  addSentences(decoder: number, encoded: number, starts: Int32Array): number;
  removeSentence(decoder: number, sentence: number): void;
  /** Fills the last three, [R, count], [R, count] and [R]. @param bannedPieces pairs of row and id */
  stepDecoder(
    decoder: number,
    sentences: Int32Array,
    origins: Int32Array,
    ids: Int32Array,
    bannedIds: Int32Array,
    bannedPieces: Int32Array,
    renormalizes: boolean,
    count: number,
    topIds: Int32Array,
    topLogits: Float32Array,
    normalizers: Float64Array,
  ): void;
}
