/** The shapes data takes on its way from a corpus to the model. */

/** One line of a corpus; `line` is its 1-based number in the source file. */
export interface SentencePair {
  readonly source: string;
  readonly target: string;
  readonly line: number;
}

/** A pair as piece ids, each side ending in the end-of-sentence id. */
export interface Example {
  readonly sourceIds: readonly number[];
  readonly targetIds: readonly number[];
}

/** Examples padded to the longest of the batch. B batch, S source length, T target length. */
export interface Batch {
  readonly batchSize: number;
  readonly sourceLength: number;
  readonly targetLength: number;
  /** [B, S] piece ids, padded with the pad id. */
  readonly inputIds: Int32Array;
  /** [B, S] 1 for a piece, 0 for padding. */
  readonly attentionMask: Int32Array;
  /** [B, T] piece ids, padded with -100, which the loss leaves out. */
  readonly labels: Int32Array;
  /** Labels that are not -100. */
  readonly targetTokens: number;
}
