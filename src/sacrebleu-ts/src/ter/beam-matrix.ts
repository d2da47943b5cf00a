/**
 * Edit distances between the beginnings of a hypothesis and of a reference, in a band around the diagonal, as
 * sacreBLEU's BeamEditDistance computes them; and between their ends, which it does not have.
 *
 * With both, a hypothesis in which only some words in the middle changed places is scored by computing the rows of
 * those words alone: every path to the end passes through the row behind them. That gives the very number sacreBLEU
 * finds, and makes a shift cost its distance, not the length of the line.
 *
 * Row i is about the first i words of the hypothesis, column j about the first j of the reference.
 */
const BEAM_WIDTH = 25;

/** More than any distance, and small enough to add to. */
const OUTSIDE = 0x3fffffff;

/** Which words of hypothesis and reference belong together. */
export interface Alignment {
  /** For each word of the reference the hypothesis's last that is used up with it; -1 for none. */
  readonly positions: Int32Array;
  /** `errors[n]`: how many of the first n words were changed, dropped or put in. */
  readonly hypothesisErrors: Int32Array;
  readonly referenceErrors: Int32Array;
}

export class BeamMatrix {
  private readonly reference: Int32Array;
  private readonly rows: number;
  /** Row i holds columns `starts[i]` to `ends[i] - 1`, from `offsets[i]` on in the arrays of costs. */
  private readonly starts: Int32Array;
  private readonly ends: Int32Array;
  private readonly offsets: Int32Array;
  /** From the beginning to (i, j), and from (i, j) to the end. */
  private readonly forward: Int32Array;
  private readonly backward: Int32Array;
  /** Rows 1 to this of `backward` are of an earlier hypothesis. */
  private backwardRowsToFill = 0;
  /** `forward` of a hypothesis on trial; only the rows that differ are written. */
  private readonly trial: Int32Array;

  /** @param hypothesisLength 1 or more: of every hypothesis it is given */
  constructor(hypothesisLength: number, reference: Int32Array) {
    this.reference = reference;
    this.rows = hypothesisLength;
    const columns = reference.length + 1;
    const ratio = reference.length / hypothesisLength;
    const beam = BEAM_WIDTH < ratio / 2 ? Math.ceil(ratio / 2 + BEAM_WIDTH) : BEAM_WIDTH;
    this.starts = new Int32Array(this.rows + 1);
    this.ends = new Int32Array(this.rows + 1);
    this.offsets = new Int32Array(this.rows + 1);
    this.ends[0] = columns;
    let cells = columns;
    for (let i = 1; i <= this.rows; i++) {
      const diagonal = Math.floor(i * ratio);
      const start = Math.max(0, diagonal - beam);
      const end = i === this.rows ? columns : Math.min(columns, diagonal + beam);
      this.starts[i] = start;
      this.ends[i] = end;
      this.offsets[i] = cells;
      cells += end - start;
    }
    this.forward = new Int32Array(cells);
    this.backward = new Int32Array(cells);
    this.trial = new Int32Array(cells);
    for (let j = 0; j < columns; j++) this.forward[j] = j;
  }

  /**
   * The distance of a hypothesis, which is the one others are compared with from now on.
   * @param from the words before this one are as in the hypothesis set before
   * @param to   so are this one and all behind it
   */
  setHypothesis(words: Int32Array, from = 0, to = this.rows + 1): number {
    for (let i = from + 1; i <= this.rows; i++) this.fillForward(this.forward, this.forward, i, words[i - 1] ?? 0);
    this.backwardRowsToFill = Math.max(this.backwardRowsToFill, to - 1);
    return this.forward[this.forward.length - 1] ?? OUTSIDE;
  }

  /**
   * The distance of the hypothesis after its words `start` to `middle - 1` and `middle` to `end - 1` changed places.
   * @param words the hypothesis as it was set
   */
  distanceAfterSwap(words: Int32Array, start: number, middle: number, end: number): number {
    for (let i = this.backwardRowsToFill; i >= 1; i--) this.fillBackward(i, words[i] ?? 0);
    this.backwardRowsToFill = 0;
    const { forward, backward, trial } = this;
    let previous = forward;
    for (let i = start + 1; i <= end; i++) {
      const place = middle + (i - 1 - start);
      const word = words[place < end ? place : place - (end - start)] ?? 0;
      this.fillForward(previous, trial, i, word);
      previous = trial;
    }
    const from = this.offsets[end] ?? 0;
    const to = from + (this.ends[end] ?? 0) - (this.starts[end] ?? 0);
    let least = OUTSIDE;
    for (let cell = from; cell < to; cell++) {
      const distance = (previous[cell] ?? OUTSIDE) + (backward[cell] ?? OUTSIDE);
      if (distance < least) least = distance;
    }
    return least;
  }

  /**
   * The shortest way from hypothesis to reference; of several the one sacreBLEU takes: from the end, whenever possible
   * by using up a word of both, else by dropping one of the hypothesis.
   */
  align(words: Int32Array): Alignment {
    const { reference } = this;
    const positions = new Int32Array(reference.length);
    const hypothesisErrors = new Int32Array(this.rows + 1);
    const referenceErrors = new Int32Array(reference.length + 1);
    let i = this.rows;
    let j = reference.length;
    while (i > 0 || j > 0) {
      const cost = this.costAt(i, j);
      const substitution = words[i - 1] === reference[j - 1] ? 0 : 1;
      if (i > 0 && j > 0 && this.costAt(i - 1, j - 1) + substitution === cost) {
        positions[j - 1] = i - 1;
        hypothesisErrors[i] = substitution;
        referenceErrors[j] = substitution;
        i -= 1;
        j -= 1;
      } else if (i > 0 && this.costAt(i - 1, j) + 1 === cost) {
        hypothesisErrors[i] = 1;
        i -= 1;
      } else {
        positions[j - 1] = i - 1;
        referenceErrors[j] = 1;
        j -= 1;
      }
    }
    accumulate(hypothesisErrors);
    accumulate(referenceErrors);
    return { positions, hypothesisErrors, referenceErrors };
  }

  private costAt(i: number, j: number): number {
    const start = this.starts[i] ?? 0;
    if (j < start || j >= (this.ends[i] ?? 0)) return OUTSIDE;
    return this.forward[(this.offsets[i] ?? 0) + j - start] ?? OUTSIDE;
  }

  /** Row i of `costs` from row i - 1 of `previous`; `word` is the i-th of the hypothesis. */
  private fillForward(previous: Int32Array, costs: Int32Array, i: number, word: number): void {
    const { reference } = this;
    const above = this.starts[i - 1] ?? 0;
    const aboveEnd = this.ends[i - 1] ?? 0;
    const aboveOffset = (this.offsets[i - 1] ?? 0) - above;
    const start = this.starts[i] ?? 0;
    const end = this.ends[i] ?? 0;
    const offset = (this.offsets[i] ?? 0) - start;
    let left = OUTSIDE;
    let diagonal = start > above ? (previous[aboveOffset + start - 1] ?? OUTSIDE) : OUTSIDE;
    let j = start;
    if (j === 0) {
      diagonal = previous[aboveOffset] ?? OUTSIDE;
      left = diagonal + 1;
      costs[offset] = left;
      j = 1;
    }
    const shared = Math.min(end, aboveEnd);
    for (; j < shared; j++) {
      const up = previous[aboveOffset + j] ?? OUTSIDE;
      let cost = reference[j - 1] === word ? diagonal : diagonal + 1;
      if (up + 1 < cost) cost = up + 1;
      if (left + 1 < cost) cost = left + 1;
      costs[offset + j] = cost;
      left = cost;
      diagonal = up;
    }
    for (; j < end; j++) {
      const cost = Math.min(reference[j - 1] === word ? diagonal : diagonal + 1, left + 1);
      costs[offset + j] = cost;
      left = cost;
      diagonal = OUTSIDE;
    }
  }

  /** Row i of `backward` from row i + 1; `word` is the one behind the i-th of the hypothesis. */
  private fillBackward(i: number, word: number): void {
    const { reference, backward } = this;
    const start = this.starts[i] ?? 0;
    const end = this.ends[i] ?? 0;
    const offset = (this.offsets[i] ?? 0) - start;
    const hasBelow = i < this.rows;
    const belowStart = hasBelow ? (this.starts[i + 1] ?? 0) : OUTSIDE;
    const belowEnd = hasBelow ? (this.ends[i + 1] ?? 0) : 0;
    const belowOffset = (this.offsets[i + 1] ?? 0) - belowStart;
    let right = OUTSIDE;
    let diagonal = end < belowEnd ? (backward[belowOffset + end] ?? OUTSIDE) : OUTSIDE;
    for (let j = end - 1; j >= start; j--) {
      const below = j >= belowStart && j < belowEnd ? (backward[belowOffset + j] ?? OUTSIDE) : OUTSIDE;
      let cost = reference[j] === word ? diagonal : diagonal + 1;
      if (below + 1 < cost) cost = below + 1;
      if (right + 1 < cost) cost = right + 1;
      if (!hasBelow && j === reference.length) cost = 0;
      backward[offset + j] = cost;
      right = cost;
      diagonal = below;
    }
  }
}

function accumulate(values: Int32Array): void {
  for (let index = 1; index < values.length; index++) values[index] = (values[index] ?? 0) + (values[index - 1] ?? 0);
}
