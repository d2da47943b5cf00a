/**
 * What training and decoding need of an encoder-decoder model; Marian is the first that offers it.
 * B batch, S source length, R decoder rows (B × beams), D model size, V target vocabulary.
 */
import type * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../data/example.ts';

export interface LossOptions {
  /** Present in training only: switches dropout on, and its seed decides every mask of this forward pass. */
  readonly dropoutSeed?: number;
  /** ε of label smoothing, 0 by default. */
  readonly labelSmoothing?: number;
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
  /** Trainable parameters by their Hugging Face names, tied ones once. The model owns them. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** Whether weight decay applies: everything but biases and layer norms, as Trainer's groups. */
  isDecayed(name: string): boolean;
  /**
   * Mean cross-entropy over the labels that are not -100, in nats.
   * @returns scalar; the caller disposes it. Differentiable with respect to `parameters`.
   */
  loss(batch: Batch, options?: LossOptions): tf.Scalar;
  /**
   * Runs the encoder and prepares decoding with `beams` rows for each sentence.
   * @param inputIds, attentionMask  [B, S] row-major
   */
  startDecoding(
    batch: Pick<Batch, 'batchSize' | 'sourceLength' | 'inputIds' | 'attentionMask'>,
    beams: number,
  ): DecoderState;
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
