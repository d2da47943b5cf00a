/**
 * Marian, the encoder-decoder of the OPUS-MT models, computing what transformers' MarianMTModel computes.
 * N rows (the pieces of all sentences, packed), R decoder rows, D model size, V target vocabulary.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Batch, Packed } from '../../data/example.ts';
import type { ModelGradients } from '../model-gradients.ts';
import { keyMask } from '../ops/composed/attention.ts';
import { type CrossEntropyOptions, crossEntropy } from '../ops/cross-entropy.ts';
import { NO_DROPOUT, seededDropout } from '../ops/dropout.ts';
import { embedding } from '../ops/embedding.ts';
import { type Rows, Tape } from '../ops/tape.ts';
import { tidy } from '../ops/tidy.ts';
import type { WeightTensor } from '../safetensors.ts';
import type { RankingOptions, SentenceDecoder } from '../sentence-decoder.ts';
import type { DecoderState, GradientOptions, LossOptions, Seq2SeqModel } from '../seq2seq-model.ts';
import { decodePosition, sourceKeysAndValues } from './decode-position.ts';
import { DecoderCache } from './decoder-cache.ts';
import { fusedDecoder } from './fused-decoder.ts';
import type { MarianConfig } from './marian-config.ts';
import { decoderLayer, encoderLayer, type LayerContext } from './marian-layers.ts';
import { arrangeWeights, FINAL_LOGITS_BIAS, isDecayed, type MarianWeights } from './marian-weights.ts';
import { sinusoidalPositions } from './sinusoidal-positions.ts';
import { StepWeights } from './step-weights.ts';

export interface MarianModelOptions {
  /** config.json as read. */
  readonly file: Readonly<Record<string, unknown>>;
  readonly config: MarianConfig;
  /** By name, complete and of the right shapes; the model owns them from now on. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** [V]; the model owns it from now on. */
  readonly finalLogitsBias: tf.Tensor1D;
}

/** One way through the model. */
interface Pass {
  /** Null where no gradient is wanted. */
  readonly tape: Tape | null;
  /** Without one there is no dropout. */
  readonly dropoutSeed?: number | undefined;
  readonly assertWanted?: (() => void) | undefined;
}

export class MarianModel implements Seq2SeqModel {
  readonly modelType = 'marian';
  readonly config: Readonly<Record<string, unknown>>;
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #config: MarianConfig;
  readonly #weights: MarianWeights;
  readonly #finalLogitsBias: tf.Tensor1D;
  /** [maxPositions, D], for both stacks. */
  readonly #positions: tf.Tensor2D;

  constructor({ file, config, parameters, finalLogitsBias }: MarianModelOptions) {
    this.config = file;
    this.parameters = parameters;
    this.#config = config;
    this.#weights = arrangeWeights(config, parameters);
    this.#finalLogitsBias = finalLogitsBias;
    const { maxPositions, modelSize } = config;
    this.#positions = tf.tensor2d(sinusoidalPositions(maxPositions, modelSize), [maxPositions, modelSize]);
  }

  get padTokenId(): number {
    return this.#config.padTokenId;
  }

  get eosTokenId(): number {
    return this.#config.eosTokenId;
  }

  get decoderStartTokenId(): number {
    return this.#config.decoderStartTokenId;
  }

  get vocabSize(): number {
    return this.#config.decoderVocabSize;
  }

  get maxPositions(): number {
    return this.#config.maxPositions;
  }

  get layerCount(): number {
    return this.#config.encoder.layers + this.#config.decoder.layers;
  }

  isDecayed(name: string): boolean {
    return isDecayed(name);
  }

  loss(batch: Batch, { labelSmoothing = 0, assertWanted }: LossOptions = {}): tf.Scalar {
    return tf.tidy(() => this.#loss(batch, { tape: null, labelSmoothing, weight: 1, assertWanted }));
  }

  addGradients(
    batch: Batch,
    gradients: ModelGradients,
    { dropoutSeed, labelSmoothing = 0, weight, assertWanted }: GradientOptions,
  ): tf.Scalar {
    return tf.tidy(() => {
      const tape = new Tape(gradients, assertWanted);
      const loss = this.#loss(batch, { tape, dropoutSeed, labelSmoothing, weight, assertWanted });
      tape.backward();
      return loss;
    });
  }

  /**
   * Computes the teacher-forced logits, for comparisons; `loss` never holds them whole.
   * @returns [N, V], a row for each label; the caller disposes it
   */
  logits(batch: Batch): tf.Tensor2D {
    return tf.tidy(() => {
      const hidden = this.#decodeTeacherForced(batch, this.#context({ tape: null })); // [N, D]
      return tf.add<tf.Tensor2D>(tf.matMul(hidden.value, tf.transpose(this.#weights.head)), this.#finalLogitsBias);
    });
  }

  /**
   * Computes the encoder's last states.
   * @returns [N, D], a row for each piece; the caller disposes it
   * @throws {RangeError} when a sentence is longer than the positions, or an id is outside the vocabulary
   */
  encode(source: Packed): tf.Tensor2D {
    return tf.tidy(() => this.#encode(source, this.#context({ tape: null })).value);
  }

  openDecoder(ranking: RankingOptions): SentenceDecoder | null {
    const parts = {
      config: this.#config,
      weights: this.#weights,
      positions: this.#positions,
      logitsBias: this.#finalLogitsBias,
      encode: (source: Packed) => this.encode(source),
    };
    return fusedDecoder()?.(parts, ranking) ?? null;
  }

  startDecoding(source: Packed, beams: number): DecoderCache {
    const { sources, mask } = tidy(() => {
      const encoded = this.encode(source); // [N, D]
      const { heads } = this.#config.decoder;
      return {
        sources: sourceKeysAndValues(encoded, source.starts, this.#weights, heads),
        mask: keyMask(source.starts),
      };
    });
    const batchSize = source.starts.length - 1;
    return new DecoderCache({ batchSize, beams, sources, mask, weights: new StepWeights(this.#weights) });
  }

  decodeStep(state: DecoderState, ids: Int32Array): tf.Tensor2D {
    const cache = requireCache(state);
    if (ids.length !== state.rows) throw new RangeError(`${ids.length} ids for ${state.rows} decoder rows`);
    this.#assertLength(state.length + 1);
    return tf.tidy(() => {
      const places = new Int32Array(ids.length).fill(state.length);
      const states = this.#embed(this.#weights.decoderTable, ids, places, this.#context({ tape: null })); // [R, D]
      return decodePosition(states.value, cache, this.#config, this.#finalLogitsBias);
    });
  }

  reorderRows(state: DecoderState, origins: Int32Array): void {
    requireCache(state).reorder(origins);
  }

  /** Returns what a model file holds: parameters and `final_logits_bias`, by their Hugging Face names. */
  async exportWeights(): Promise<Map<string, WeightTensor>> {
    const weights = new Map<string, WeightTensor>();
    weights.set(FINAL_LOGITS_BIAS, { shape: [1, this.vocabSize], data: await this.#finalLogitsBias.data<'float32'>() });
    for (const [name, parameter] of this.parameters) {
      weights.set(name, { shape: parameter.shape, data: await parameter.data<'float32'>() });
    }
    return weights;
  }

  dispose(): void {
    tf.dispose([this.#finalLogitsBias, this.#positions, ...this.parameters.values()]);
  }

  #loss(batch: Batch, { labelSmoothing, weight, ...pass }: CrossEntropyOptions & Pass): tf.Scalar {
    const hidden = this.#decodeTeacherForced(batch, this.#context(pass)); // [N, D]
    const output = { head: this.#weights.head, bias: this.#finalLogitsBias };
    return crossEntropy(pass.tape, hidden, output, batch.labels.ids, { labelSmoothing, weight });
  }

  #context({ tape, dropoutSeed, assertWanted = () => {} }: Pass): LayerContext {
    const dropout = dropoutSeed === undefined ? NO_DROPOUT : seededDropout(dropoutSeed);
    return { tape, config: this.#config, dropout, assertWanted };
  }

  #encode({ ids, starts }: Packed, context: LayerContext): Rows {
    let states = this.#embed(this.#weights.encoderTable, ids, this.#placesIn(starts), context);
    for (const weights of this.#weights.encoderLayers) states = encoderLayer(states, starts, weights, context);
    return states;
  }

  /** Returns the decoder's last states, a row for each label. */
  #decodeTeacherForced({ source, labels }: Batch, context: LayerContext): Rows {
    const encoded = { states: this.#encode(source, context), starts: source.starts };
    const { starts } = labels;
    let states = this.#embed(this.#weights.decoderTable, this.#shiftRight(labels), this.#placesIn(starts), context);
    for (const weights of this.#weights.decoderLayers) states = decoderLayer(states, starts, encoded, weights, context);
    return states;
  }

  #embed(table: tf.Tensor2D, ids: Int32Array, places: Int32Array, { tape, dropout }: LayerContext): Rows {
    const { embeddingScale: scale, padTokenId } = this.#config;
    const site = dropout.next(this.#config.dropout);
    return embedding(tape, table, ids, { scale, positions: this.#positions, places, padTokenId, dropout: site });
  }

  /** The labels of each sentence moved one place to the right, behind the start token. */
  #shiftRight({ ids, starts }: Packed): Int32Array {
    const inputs = ids.map((_, place) => ids[place - 1] ?? 0);
    for (const start of starts.subarray(0, -1)) inputs[start] = this.decoderStartTokenId; // nothing beyond the end
    return inputs;
  }

  /** The place of each piece in its sentence. @throws {RangeError} when there are more than positions */
  #placesIn(starts: Int32Array): Int32Array {
    const places = new Int32Array(starts.at(-1) ?? 0);
    for (let sentence = 0; sentence + 1 < starts.length; sentence++) {
      const [start = 0, end = 0] = starts.subarray(sentence, sentence + 2);
      this.#assertLength(end - start);
      for (let i = start; i < end; i++) places[i] = i - start;
    }
    return places;
  }

  #assertLength(length: number): void {
    if (length > this.maxPositions) {
      throw new RangeError(`a sequence of ${length} pieces is longer than the model's ${this.maxPositions} positions`);
    }
  }
}

function requireCache(state: DecoderState): DecoderCache {
  if (!(state instanceof DecoderCache)) throw new TypeError('the decoder state comes from another kind of model');
  return state;
}
