/**
 * Splits normalised text into the pieces with the highest total log-probability (Viterbi over byte positions).
 * Follows EncodeOptimized of sentencepiece 0.2.3 (unigram_model.cc) down to its rounding, which decides ties: sums are
 * float32, and start again from 0 when they grow large. (0.2.0 compared double sums with float32 ones, so that it
 * orders pieces of equal total differently, in 1 of 1,300 corpus sentences.)
 */
import { ByteTrie } from './byte-trie.ts';
import { isVocabularyType, PIECE_TYPES, type SentencePieceModel } from './sentencepiece-model.ts';
import { utf8Length } from './utf8-length.ts';

/** How much worse than the worst piece an unknown character is (kUnkPenalty). */
const UNKNOWN_PENALTY = 10;
const FLT_MAX = 3.4028234663852886e38;
/** Beyond this, sums are counted from the present position on, to stay exact (kScoreResetThreshold). */
const RESET_THRESHOLD = 100_000;

export class UnigramSegmenter {
  readonly #trie: ByteTrie;
  readonly #scores: Float64Array;
  readonly #isUserDefined: Uint8Array;
  readonly #unknownId: number;
  readonly #unknownScore: number;
  // For each byte position: the best path that ends there. Grown to the longest text met.
  #pathScores = new Float32Array(1024);
  #lastStarts = new Int32Array(1024);
  #lastIds = new Int32Array(1024);
  #ends = new Int32Array(1024);

  constructor(model: SentencePieceModel) {
    const { pieces, unknownId } = model;
    const entries = pieces.map((piece, id) => [piece, id] as const);
    this.#trie = new ByteTrie(
      entries
        // An unused piece is never chosen, and hides no other: as if it were not there.
        .filter(([{ type }]) => isVocabularyType(type) && type !== PIECE_TYPES.unused)
        .map(([{ bytes }, id]) => [bytes, id] as const),
    );
    this.#scores = Float64Array.from(pieces, ({ score }) => score);
    this.#isUserDefined = Uint8Array.from(pieces, ({ type }) => (type === PIECE_TYPES.userDefined ? 1 : 0));
    this.#unknownId = unknownId;
    let lowest = FLT_MAX;
    for (const { score, type } of pieces) {
      if (type === PIECE_TYPES.normal) lowest = Math.min(lowest, score);
    }
    this.#unknownScore = Math.fround(lowest - UNKNOWN_PENALTY);
  }

  /**
   * Calls `visit` with each piece from left to right: its id and where it lies in `text`. Each character no piece
   * covers comes as the unknown id by itself.
   */
  segment(text: Uint8Array, visit: (id: number, start: number, end: number) => void): void {
    const size = text.length;
    this.#prepare(size);
    this.#findBestPath(text);
    let count = 0;
    for (let end = size; end > 0; end = this.#lastStarts[end] ?? 0) this.#ends[count++] = end;
    let start = 0;
    for (let i = count - 1; i >= 0; i--) {
      const end = this.#ends[i] ?? 0;
      visit(this.#lastIds[end] ?? 0, start, end);
      start = end;
    }
  }

  #findBestPath(text: Uint8Array): void {
    const trie = this.#trie;
    const pathScores = this.#pathScores;
    const lastStarts = this.#lastStarts;
    const lastIds = this.#lastIds;
    const size = text.length;
    let start = 0;
    let frontier = 0;
    while (start < size) {
      if (Math.abs(pathScores[start] ?? 0) > RESET_THRESHOLD) this.#resetScores(start, frontier);
      const scoreHere = pathScores[start] ?? 0;
      const characterEnd = Math.min(size, start + utf8Length(text[start] ?? 0));
      let isCharacterCovered = false;
      let node: number = ByteTrie.root;
      for (let end = start + 1; end <= size; end++) {
        node = trie.child(node, text[end - 1] ?? 0);
        if (node < 0) break;
        const id = trie.value(node);
        if (id < 0) continue;
        if (end > frontier) frontier = end;
        const candidate = Math.fround(scoreHere + this.#scoreOf(id, end - start));
        if (lastStarts[end] === -1 || candidate > (pathScores[end] ?? 0)) {
          pathScores[end] = candidate;
          lastStarts[end] = start;
          lastIds[end] = id;
        }
        if (end === characterEnd) isCharacterCovered = true;
      }
      if (!isCharacterCovered) {
        if (characterEnd > frontier) frontier = characterEnd;
        const candidate = Math.fround(scoreHere + this.#unknownScore);
        if (lastStarts[characterEnd] === -1 || candidate > (pathScores[characterEnd] ?? 0)) {
          pathScores[characterEnd] = candidate;
          lastStarts[characterEnd] = start;
          lastIds[characterEnd] = this.#unknownId;
        }
      }
      start = characterEnd;
    }
  }

  /** User-defined pieces get a bonus for their length in bytes, so that they always win. */
  #scoreOf(id: number, length: number): number {
    return this.#isUserDefined[id] === 1 ? Math.fround(0.1 * (length - 1)) : (this.#scores[id] ?? 0);
  }

  /** Makes the sum at `start` 0, lowering those up to `frontier`, the last position reached, by as much. */
  #resetScores(start: number, frontier: number): void {
    const offset = this.#pathScores[start] ?? 0;
    for (let i = start; i <= frontier; i++) {
      if (i === start || this.#lastStarts[i] !== -1) this.#pathScores[i] = (this.#pathScores[i] ?? 0) - offset;
    }
  }

  #prepare(size: number): void {
    if (this.#pathScores.length <= size) {
      this.#pathScores = new Float32Array(size * 2);
      this.#lastStarts = new Int32Array(size * 2);
      this.#lastIds = new Int32Array(size * 2);
      this.#ends = new Int32Array(size * 2);
    }
    this.#pathScores[0] = 0;
    this.#lastStarts.fill(-1, 0, size + 1);
  }
}
