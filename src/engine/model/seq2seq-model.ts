/**
 * What training and decoding need of an encoder-decoder model; Marian is the first that offers it.
 * B batch, R decoder rows (B × beams), V target vocabulary.
 */
import type * as tf from '@tensorflow/tfjs-core';
import type { Batch, Packed } from '../data/example.ts';
import type { ModelGradients } from './model-gradients.ts';
import type { RankingOptions, SentenceDecoder } from './sentence-decoder.ts';

export interface LossOptions {
  /** ε of label smoothing, 0 by default. */
  readonly labelSmoothing?: number;
  /**
   * Called between two operations, or two layers where no gradient is wanted: nobody else is heard for seconds there. What it
   * throws ends the computation, and gradients are worth nothing then.
   */
  readonly assertWanted?: () => void;
}

export interface GradientOptions extends LossOptions {
  /** Switches dropout on and decides every mask of this forward pass. */
  readonly dropoutSeed?: number;
  /** Times which the loss and its gradients are taken. */
  readonly weight: number;
}

/** Keys and values of the decoder's attentions. Owned by whoever started it, who calls `dispose`. */
export interface DecoderState {
  /** Positions decoded so far. */
  readonly length: number;
  readonly rows: number;
  dispose(): void;
}

export interface Seq2SeqModel {
  readonly modelType: string;
  /** config.json as read, unknown keys included. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly padTokenId: number;
  readonly eosTokenId: number;
  readonly decoderStartTokenId: number;
  /** Size V of the output vocabulary. */
  readonly vocabSize: number;
  /** Longest sequence the positions allow. */
  readonly maxPositions: number;
  /** Layers of encoder and decoder together. */
  readonly layerCount: number;
  /** Trainable parameters by their Hugging Face names, tied ones once. The model owns them. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** Whether weight decay applies: everything but biases and layer norms, as Trainer's groups. */
  isDecayed(name: string): boolean;
  /**
   * Computes the mean cross-entropy over all labels of the batch, without dropout.
   * @returns scalar, nats; the caller disposes it
   */
  loss(batch: Batch, options?: LossOptions): tf.Scalar;
  /**
   * Adds `weight` times the gradients of the mean loss to those of a step.
   * @param gradients  made of `parameters`
   * @returns          `weight` times the mean loss, scalar, nats; the caller disposes it
   */
  addGradients(batch: Batch, gradients: ModelGradients, options: GradientOptions): tf.Scalar;
  /** Opens the backend's own decoder, for the caller to dispose before the model; null where it has none. */
  openDecoder(ranking: RankingOptions): SentenceDecoder | null;
  /** Runs the encoder and prepares decoding with `beams` rows for each of the B sentences. */
  startDecoding(source: Packed, beams: number): DecoderState;
  /**
   * Feeds one id per row and gives the logits of the next.
   * @param ids  [R]
   * @returns    [R, V] float32; the caller disposes it
   */
  decodeStep(state: DecoderState, ids: Int32Array): tf.Tensor2D;
  /** Makes row r continue what row `origins[r]` was. @param origins [R'] ; R' may be smaller than R: rows are dropped. */
  reorderRows(state: DecoderState, origins: Int32Array): void;
  dispose(): void;
}
