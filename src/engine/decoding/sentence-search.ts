/**
 * The search for the output of one sentence, without tensors. `generate` runs many side by side: it feeds the model with
 * what the rows of each end in, and gives each the ranked next pieces of its rows until it is done.
 */
import type { RankedPieces } from '../model/sentence-decoder.ts';

export interface SentenceSearch {
  /** What is being written, start included: one decoder row each, all of one length. */
  readonly outputs: readonly (readonly number[])[];
  readonly isDone: boolean;
  /**
   * Makes one step.
   *
   * @param ranked  next pieces of each row, best first
   * @returns       for each new row the index of the old one it continues
   */
  advance(ranked: readonly RankedPieces[]): number[];
  /** The output of a search that is done: without the start, with the end where it has one. */
  bestIds(): readonly number[];
}
