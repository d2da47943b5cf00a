/** Decodes with the addon: one call a step, in which sentences at any position may take part. R rows, K pieces wanted. */
import type { Packed } from '../data/example.ts';
import { assertFinite } from '../model/assert-finite-logits.ts';
import type { DecoderParts } from '../model/marian/fused-decoder.ts';
import type { AttentionWeights, DecoderLayerWeights } from '../model/marian/marian-weights.ts';
import type { BannedPiece, RankedPieces, RankingOptions, SentenceDecoder } from '../model/sentence-decoder.ts';
import { ACTIVATION_CODES } from './addon-functions.ts';
import type { NativeBackend } from './native-backend.ts';

/** Weight and bias of a linear layer or a norm. */
type Pair = Pick<AttentionWeights['query'], 'bias'> & {
  readonly weight: DecoderParts['logitsBias'] | DecoderParts['positions'];
};

/** The rows of the last step, or of the next one: sentence by sentence. */
interface Rows {
  /** [R] as the addon numbers them. */
  readonly sentences: Int32Array;
  /** [R] which row of its sentence each continues. */
  readonly origins: Int32Array;
}

export class NativeDecoder implements SentenceDecoder {
  readonly refills = true;
  readonly leastAtOnce: number;
  readonly #backend: NativeBackend;
  readonly #parts: DecoderParts;
  readonly #ranking: RankingOptions;
  readonly #count: number;
  readonly #bannedIds: Int32Array;
  readonly #decoder: number;
  #rows: Rows = { sentences: new Int32Array(0), origins: new Int32Array(0) };

  constructor(backend: NativeBackend, parts: DecoderParts, ranking: RankingOptions) {
    this.#backend = backend;
    this.#parts = parts;
    this.#ranking = ranking;
    this.#count = Math.min(ranking.count, parts.config.decoderVocabSize);
    this.#bannedIds = Int32Array.from(ranking.bannedIds);
    const { decoder, modelSize, decoderVocabSize, maxPositions, activation, embeddingScale } = parts.config;
    this.leastAtOnce = leastAtOnce(parts, ranking);
    this.#decoder = backend.addon.openDecoder(
      decoder.layers,
      decoder.heads,
      modelSize,
      decoder.feedForwardSize,
      decoderVocabSize,
      maxPositions,
      ranking.beams,
      ACTIVATION_CODES[activation],
      embeddingScale,
      blocksOf(backend, parts),
    );
  }

  start(source: Packed): void {
    const encoded = this.#parts.encode(source); // [N, D]
    try {
      const first = this.#backend.addon.addSentences(this.#decoder, this.#backend.floatBlock(encoded), source.starts);
      const added = Int32Array.from({ length: source.starts.length - 1 }, (_, sentence) => first + sentence);
      this.#rows = {
        sentences: joined(this.#rows.sentences, added),
        origins: joined(this.#rows.origins, new Int32Array(added.length)),
      };
    } finally {
      encoded.dispose();
    }
  }

  async step(ids: Int32Array, banned: readonly BannedPiece[]): Promise<RankedPieces[]> {
    const { sentences, origins } = this.#rows;
    const count = this.#count;
    const topIds = new Int32Array(ids.length * count);
    const topLogits = new Float32Array(ids.length * count);
    const normalizers = new Float64Array(ids.length);
    this.#backend.addon.stepDecoder(
      this.#decoder,
      sentences,
      origins,
      ids,
      this.#bannedIds,
      Int32Array.from(banned.flatMap(({ row, id }) => [row, id])),
      this.#ranking.renormalize,
      count,
      topIds,
      topLogits,
      normalizers,
    );
    const ranked: RankedPieces[] = [];
    for (const [row, normalizer] of normalizers.entries()) {
      assertFinite(normalizer, row);
      const ids: number[] = [];
      const logProbs: number[] = [];
      for (let i = row * count; i < (row + 1) * count; i++) {
        const id = topIds[i] ?? -1;
        if (id === -1) break;
        ids.push(id);
        logProbs.push(Math.fround((topLogits[i] ?? Number.NaN) - normalizer));
      }
      ranked.push({ ids, logProbs });
    }
    return ranked;
  }

  keep(origins: Int32Array): void {
    const before = this.#rows.sentences;
    const sentences = new Int32Array(origins.length);
    const withinSentence = new Int32Array(origins.length);
    let row = 0;
    for (let first = 0, end = 0; first < before.length; first = end) {
      const sentence = before[first] ?? -1;
      while (before[end] === sentence) end += 1;
      const firstKept = row;
      for (let origin = origins[row] ?? -1; origin >= first && origin < end; origin = origins[row] ?? -1) {
        sentences[row] = sentence;
        withinSentence[row] = origin - first;
        row += 1;
      }
      if (row === firstKept) this.#backend.addon.removeSentence(this.#decoder, sentence);
    }
    if (row < origins.length)
      throw new RangeError(`row ${row} continues row ${origins[row]}, which is not in its turn`);
    this.#rows = { sentences, origins: withinSentence };
  }

  dispose(): void {
    this.#backend.addon.closeDecoder(this.#decoder);
  }
}

/** Small models want many rows, or calls and refills cost more than they do; large ones have enough with fewer. */
function leastAtOnce({ config }: DecoderParts, { beams }: RankingOptions): number {
  const floatsOfPosition = 2 * config.decoder.layers * config.modelSize * beams; // keys and values
  return Math.min(64, Math.max(16, Math.floor(2 ** 20 / floatsOfPosition)));
}

/** The blocks `openDecoder` wants, in its order. */
function blocksOf(backend: NativeBackend, { weights, positions, logitsBias }: DecoderParts): Int32Array {
  const tensors = [
    weights.decoderTable,
    positions,
    weights.head,
    logitsBias,
    ...weights.decoderLayers.flatMap(tensorsOf),
  ];
  return Int32Array.from(tensors, (tensor) => backend.floatBlock(tensor));
}

function tensorsOf({ selfAttention, crossAttention, feedForward }: DecoderLayerWeights) {
  const ofAttention = ({ query, key, value, output, norm }: AttentionWeights): Pair[] => [
    query,
    key,
    value,
    output,
    norm,
  ];
  const { inner, outer, norm } = feedForward;
  const pairs: Pair[] = [...ofAttention(selfAttention), ...ofAttention(crossAttention), inner, outer, norm];
  return pairs.flatMap(({ weight, bias }) => [weight, bias]);
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  const both = new Int32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
