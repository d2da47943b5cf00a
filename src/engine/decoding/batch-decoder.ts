/** Decodes one batch of sentences at a time, with the steps every model has. */
import type { Packed } from '../data/example.ts';
import type { BannedPiece, RankedPieces, RankingOptions, SentenceDecoder } from '../model/sentence-decoder.ts';
import type { DecoderState, Seq2SeqModel } from '../model/seq2seq-model.ts';
import { banningBias, bestNextPieces, rankNextPieces } from './rank-next-pieces.ts';

export class BatchDecoder implements SentenceDecoder {
  readonly refills = false;
  readonly leastAtOnce = 1;
  readonly #model: Seq2SeqModel;
  readonly #ranking: RankingOptions;
  readonly #bias: ReturnType<typeof banningBias>;
  #state: DecoderState | null = null;

  constructor(model: Seq2SeqModel, ranking: RankingOptions) {
    this.#model = model;
    this.#ranking = ranking;
    this.#bias = banningBias(ranking.bannedIds, model.vocabSize);
  }

  start(source: Packed): void {
    if (this.#state !== null) throw new RangeError('sentences cannot join others that are under way');
    this.#state = this.#model.startDecoding(source, 1);
  }

  async step(ids: Int32Array, banned: readonly BannedPiece[]): Promise<RankedPieces[]> {
    const { beams, count, renormalize } = this.#ranking;
    const logits = this.#model.decodeStep(this.#requireState(), ids);
    try {
      if (beams === 1) return await bestNextPieces(logits, { bias: this.#bias, banned });
      return await rankNextPieces(logits, { count, bias: this.#bias, banned, renormalize });
    } finally {
      logits.dispose();
    }
  }

  keep(origins: Int32Array): void {
    const state = this.#requireState();
    if (origins.length === 0) {
      state.dispose();
      this.#state = null;
    } else if (origins.length !== state.rows || origins.some((origin, row) => origin !== row)) {
      this.#model.reorderRows(state, origins);
    }
  }

  dispose(): void {
    this.#state?.dispose();
    this.#state = null;
    this.#bias?.dispose();
  }

  #requireState(): DecoderState {
    if (this.#state === null) throw new RangeError('no sentence is being decoded');
    return this.#state;
  }
}
