/**
 * What the addon offers beside matrix products, as typed functions; documented at their bindings in C++.
 * `rows` and `width` are the axes of a matrix; `dropout` is rate (0 for none), seedKey, siteKey.
 */
export type Block = number;
export type DropoutNumbers = readonly [rate: number, seedKey: number, siteKey: number];

/** row-bindings.cc */
export interface RowFunctions {
  embed(
    table: Block,
    tableRows: number,
    positions: Block,
    positionRows: number,
    width: number,
    ids: Int32Array,
    places: Int32Array,
    scale: number,
    output: Block,
    ...dropout: DropoutNumbers
  ): void;
  embedBackward(
    gradOutput: Block,
    ids: Int32Array,
    width: number,
    scale: number,
    padTokenId: number,
    gradTable: Block,
    tableRows: number,
    adds: boolean,
    ...dropout: DropoutNumbers
  ): void;
  layerNorm(
    x: Block,
    residual: Block,
    weight: Block,
    bias: Block,
    rows: number,
    width: number,
    normalized: Block,
    inverseDeviation: Block,
    output: Block,
    ...dropout: DropoutNumbers
  ): void;
  /** `gradX` may be null without dropout, where it equals gradResidual. */
  layerNormBackward(
    gradOutput: Block,
    normalized: Block,
    inverseDeviation: Block,
    weight: Block,
    rows: number,
    width: number,
    gradX: Block | null,
    gradResidual: Block,
    gradWeight: Block,
    addsToWeight: boolean,
    gradBias: Block,
    addsToBias: boolean,
    ...dropout: DropoutNumbers
  ): void;
  /** `sum` and `gradSum` are null for the activation 0, 'none'. */
  activationBackward(
    gradOutput: Block,
    sum: Block | null,
    activation: number,
    rows: number,
    width: number,
    gradSum: Block | null,
    gradBias: Block,
    adds: boolean,
  ): void;
  dropout(x: Block, size: number, output: Block, ...dropout: DropoutNumbers): void;
  add(a: Block, b: Block, size: number, output: Block): void;
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
    from: Block,
    offset: number,
    shape: Int32Array,
    strides: Int32Array,
    elementBytes: number,
    to: Block,
  ): void;
  copyRows(
    from: Block,
    to: Block,
    rows: number,
    length: number,
    toStride: number,
    toOffset: number,
    elementBytes: number,
  ): void;
  gatherRows(
    from: Block,
    fromRows: number,
    ids: Int32Array,
    outer: number,
    length: number,
    elementBytes: number,
    to: Block,
  ): void;
  scatterAddRows(from: Block, ids: Int32Array, length: number, to: Block, toRows: number): void;
}

/** arithmetic-bindings.cc: float32. */
export interface ArithmeticFunctions {
  combine(
    kernelName: string,
    a: Block,
    aStrides: Int32Array,
    b: Block,
    bStrides: Int32Array,
    shape: Int32Array,
    output: Block,
  ): void;
  map(kernelName: string, x: Block, size: number, output: Block): void;
  reduce(kernelName: string, x: Block, rows: number, width: number, output: Block): void;
  argMax(x: Block, rows: number, width: number, output: Block): void;
  softmax(x: Block, rows: number, width: number, output: Block): void;
  topK(x: Block, rows: number, width: number, count: number, values: Block, indices: Block): void;
  fill(output: Block, size: number, value: number): void;
  batchGemm(
    a: Block,
    b: Block,
    c: Block,
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
