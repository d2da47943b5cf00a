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

/** Sequences one after the other without padding. B sequences, N pieces in all. */
export interface Packed {
  /** [N] piece ids. */
  readonly ids: Int32Array;
  /** [B+1] where each sequence begins; the last is N. */
  readonly starts: Int32Array;
}

/** Examples side by side: as many sources as labels. */
export interface Batch {
  readonly source: Packed;
  /** What the decoder is to say. */
  readonly labels: Packed;
}
