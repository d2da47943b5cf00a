/** What the addon offers for decoding, as typed functions; documented at their bindings in C++, decoder-bindings.cc. */
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
