/**
 * Marian, the encoder-decoder of the OPUS-MT models, computing what transformers' MarianMTModel computes.
 * B batch, S source length, T target length, R decoder rows, D model size, V target vocabulary.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../../data/example.ts';
import { HIDDEN } from '../ops/attention.ts';
import { crossEntropy, IGNORED_LABEL } from '../ops/cross-entropy.ts';
import { type DropoutMasks, NO_DROPOUT, seededDropout } from '../ops/dropout.ts';
import { embedding } from '../ops/embedding.ts';
import type { WeightTensor } from '../safetensors.ts';
import type { DecoderState, LossOptions, Seq2SeqModel } from '../seq2seq-model.ts';
import { decodePosition, sourceKeysAndValues } from './decode-position.ts';
import { DecoderCache } from './decoder-cache.ts';
import type { MarianConfig } from './marian-config.ts';
import { decoderLayer, encoderLayer, type LayerContext } from './marian-layers.ts';
import { arrangeWeights, FINAL_LOGITS_BIAS, isDecayed, type MarianWeights } from './marian-weights.ts';
import { sinusoidalPositions } from './sinusoidal-positions.ts';
import { StepWeights } from './step-weights.ts';

type SourceBatch = Pick<Batch, 'batchSize' | 'sourceLength' | 'inputIds' | 'attentionMask'>;

export interface MarianModelOptions {
  /** config.json as read. */
  readonly file: Readonly<Record<string, unknown>>;
  readonly config: MarianConfig;
  /** By name, complete and of the right shapes; the model owns them from now on. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** [V]; the model owns it from now on. */
  readonly finalLogitsBias: tf.Tensor1D;
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

  isDecayed(name: string): boolean {
    return isDecayed(name);
  }

  loss(batch: Batch, { dropoutSeed, labelSmoothing = 0 }: LossOptions = {}): tf.Scalar {
    const dropout = dropoutSeed === undefined ? NO_DROPOUT : seededDropout(dropoutSeed);
    return tf.tidy(() => {
      const hidden = this.#decodeTeacherForced(batch, dropout); // [B·T, D]
      return crossEntropy(hidden, this.#weights.head, this.#finalLogitsBias, batch.labels, { labelSmoothing });
    });
  }

  /**
   * Computes the teacher-forced logits, for comparisons; `loss` never holds them whole.
   * @returns [B, T, V]; the caller disposes it
   */
  logits(batch: Batch): tf.Tensor3D {
    return tf.tidy(() => {
      const hidden = this.#decodeTeacherForced(batch, NO_DROPOUT); // [B·T, D]
      const logits = tf.add(tf.matMul(hidden, tf.transpose(this.#weights.head)), this.#finalLogitsBias);
      return tf.reshape(logits, [batch.batchSize, batch.targetLength, this.vocabSize]);
    });
  }

  /**
   * Computes the encoder's last states.
   * @returns [B·S, D]; the caller disposes it
   * @throws {RangeError} when the source is longer than the positions, or an id is outside the vocabulary
   */
  encode(batch: SourceBatch, dropout: DropoutMasks = NO_DROPOUT): tf.Tensor2D {
    return tf.tidy(() => {
      const context: LayerContext = { config: this.#config, batchSize: batch.batchSize, dropout };
      const mask = sourceMask(batch);
      let states = this.#embed(this.#weights.encoderTable, batch.inputIds, batch.sourceLength, dropout);
      for (const weights of this.#weights.encoderLayers) states = encoderLayer(states, weights, mask, context);
      return states;
    });
  }

  startDecoding(batch: SourceBatch, beams: number): DecoderCache {
    const { batchSize } = batch;
    const { heads } = this.#config.decoder;
    const { sources, mask } = tf.tidy(() => {
      const encoded = this.encode(batch); // [B·S, D]
      return { sources: sourceKeysAndValues(encoded, this.#weights, { batchSize, heads }), mask: sourceMask(batch) };
    });
    return new DecoderCache({ batchSize, beams, sources, mask, weights: new StepWeights(this.#weights) });
  }

  decodeStep(state: DecoderState, ids: Int32Array): tf.Tensor2D {
    const cache = requireCache(state);
    if (ids.length !== state.rows) throw new RangeError(`${ids.length} ids for ${state.rows} decoder rows`);
    this.#assertLength(state.length + 1);
    return tf.tidy(() => {
      const positions = tf.slice(this.#positions, [state.length, 0], [1, -1]); // [1, D]
      const { embeddingScale: scale, padTokenId } = this.#config;
      const states = embedding(this.#weights.decoderTable, ids, { scale, positions, padTokenId }); // [R, D]
      return decodePosition(states, cache, this.#config, this.#finalLogitsBias);
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

  /** Returns the decoder's last states [B·T, D] for the labels shifted right. */
  #decodeTeacherForced(batch: Batch, dropout: DropoutMasks): tf.Tensor2D {
    const encoded = this.encode(batch, dropout); // [B·S, D]
    const context: LayerContext = { config: this.#config, batchSize: batch.batchSize, dropout };
    const masks = { causal: causalMask(batch.targetLength), source: sourceMask(batch) };
    let states = this.#embed(this.#weights.decoderTable, this.#decoderInputIds(batch), batch.targetLength, dropout);
    for (const weights of this.#weights.decoderLayers) states = decoderLayer(states, encoded, weights, masks, context);
    return states;
  }

  #embed(table: tf.Tensor2D, ids: Int32Array, length: number, dropout: DropoutMasks): tf.Tensor2D {
    this.#assertLength(length);
    const { embeddingScale: scale, padTokenId } = this.#config;
    const positions = tf.slice(this.#positions, [0, 0], [length, -1]); // [T, D]
    const states = embedding(table, ids, { scale, positions, padTokenId }); // [B·T, D]
    const mask = dropout.next<tf.Tensor2D>(states.shape, this.#config.dropout);
    return mask === null ? states : tf.mul(states, mask);
  }

  /** The labels moved one place to the right behind the start token, with pads for the ignored. */
  #decoderInputIds({ labels, targetLength }: Batch): Int32Array {
    return labels.map((_, place) => {
      if (place % targetLength === 0) return this.decoderStartTokenId;
      const previous = labels[place - 1] ?? IGNORED_LABEL;
      return previous === IGNORED_LABEL ? this.padTokenId : previous;
    });
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

/** [B, 1, 1, S]: 0 for a piece, HIDDEN for padding. */
function sourceMask({ attentionMask, batchSize, sourceLength }: SourceBatch): tf.Tensor4D {
  const values = Float32Array.from(attentionMask, (isPiece) => (isPiece === 0 ? HIDDEN : 0));
  return tf.tensor4d(values, [batchSize, 1, 1, sourceLength]);
}

/** [1, 1, T, T]: 0 up to a query's own position, HIDDEN after it. */
function causalMask(length: number): tf.Tensor4D {
  const values = new Float32Array(length * length);
  for (let query = 0; query < length; query++) values.fill(HIDDEN, query * length + query + 1, (query + 1) * length);
  return tf.tensor4d(values, [1, 1, length, length]);
}
