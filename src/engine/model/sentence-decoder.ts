/**
 * Decodes sentences step by step: gives the best next pieces of each row, and moves rows on. Where a backend has one of its
 * own (`Seq2SeqModel.openDecoder`), sentences join while others are under way; `decoding/batch-decoder.ts` makes one for
 * any model. A sentence begins with one row and then has up to as many as beams, side by side; sentences lie in the order
 * they came. R rows.
 */
import type { Packed } from '../data/example.ts';

/** Next pieces of one row, best first, equal ones by id. */
export interface RankedPieces {
  readonly ids: ArrayLike<number>;
  /** Natural logarithms, float32. */
  readonly logProbs: ArrayLike<number>;
}

/** An id that a decoder row must not produce in this step. */
export interface BannedPiece {
  readonly row: number;
  readonly id: number;
}

/** What is wanted of every step. */
export interface RankingOptions {
  /** Most rows of a sentence. With one only the best piece is wanted, and its log-probability may be left out. */
  readonly beams: number;
  /** Pieces wanted of each row; fewer come where fewer are allowed. */
  readonly count: number;
  /** Ids no row may produce. */
  readonly bannedIds: readonly number[];
  /** Whether probabilities are shares of the pieces that are left, or of all. */
  readonly renormalize: boolean;
}

/** Whoever opened it calls `dispose`. */
export interface SentenceDecoder {
  /** Whether sentences may join others; else `start` wants that there are none. */
  readonly refills: boolean;
  /** Sentences under way with which it works well; with fewer each costs more. 1 where that is for the caller to choose. */
  readonly leastAtOnce: number;
  /** Encodes sentences and adds a row for each behind the others. */
  start(source: Packed): void;
  /**
   * Feeds each row its last piece and ranks the next.
   *
   * @param ids [R]
   * @throws {ModelError} when a logit is not a number
   */
  step(ids: Int32Array, banned: readonly BannedPiece[]): Promise<RankedPieces[]>;
  /** Makes row r continue what row `origins[r]` was: sentence by sentence, in their order. Those without rows are gone. */
  keep(origins: Int32Array): void;
  dispose(): void;
}
