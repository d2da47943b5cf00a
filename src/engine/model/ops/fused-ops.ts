/**
 * The operations a model is made of, each as a forward and a backward in one call. A backend that can do one in a single
 * kernel does so; `composed/composed-ops.ts` is the reference, written in plain tfjs operations, and what all others use.
 * The model calls them through the functions of the same names beside this file, which check ids, labels and sequences.
 *
 * Sequences are packed: the rows of one follow those of the one before, without padding, so no padding is computed.
 * N rows, B sequences, D model size, H heads, V vocabulary, K inputs and M outputs of a linear layer.
 * Every returned tensor is the caller's to dispose; arguments stay the caller's.
 */
import type * as tf from '@tensorflow/tfjs-core';
import type { Activation } from './activation.ts';
import type { ParameterGradient } from './parameter-gradient.ts';

/**
 * Which elements are dropped: element i of an array (row-major) where hash32((i + siteKey) ^ seedKey) as an unsigned
 * number is below round(rate · 2³²); the others are divided by 1 - rate. Sums wrap at 32 bits.
 */
export interface Dropout {
  /** In (0, 1). */
  readonly rate: number;
  /** Signed 32-bit. */
  readonly seedKey: number;
  readonly siteKey: number;
}

export interface EmbedOptions {
  /** √D where the model scales its embeddings, else 1. */
  readonly scale: number;
  /** [P, D] */
  readonly positions: tf.Tensor2D;
  /** [N] the row of `positions` added to each id's. */
  readonly places: Int32Array;
  readonly dropout: Dropout | null;
}

export interface AttentionOptions {
  readonly heads: number;
  /** [B+1] where each sequence's rows of query begin; the last is N. */
  readonly queryStarts: Int32Array;
  /** [B+1] likewise for key and value; a sequence with queries has keys. */
  readonly keyStarts: Int32Array;
  /** Whether a query sees only keys up to its own place. */
  readonly isCausal: boolean;
  /**
   * On the probabilities. They count as one array: sequence after sequence, in each head after head, in each [T, S];
   * T queries and S keys of that sequence.
   */
  readonly dropout: Dropout | null;
}

export interface FusedOps {
  /** Returns dropout(table[ids] · scale + positions[places]), [N, D]. @param table [V, D] */
  embed(table: tf.Tensor2D, ids: Int32Array, options: EmbedOptions): tf.Tensor2D;
  /** Adds to the table's gradient; rows of `padTokenId` get none, as torch.nn.Embedding's padding_idx. */
  embedBackward(
    gradOutput: tf.Tensor2D,
    ids: Int32Array,
    options: Pick<EmbedOptions, 'scale' | 'dropout'> & { readonly padTokenId: number },
    gradTable: ParameterGradient,
  ): void;

  /**
   * Returns activation(x · weightᵀ + bias), [N, M].
   * @param x [N, K], weight [M, K], bias [M]
   * @param isTraining  asks for `sum`, what went into the activation, where the backward needs it
   */
  linear(
    x: tf.Tensor2D,
    weight: tf.Tensor2D,
    bias: tf.Tensor1D,
    activation: Activation,
    isTraining: boolean,
  ): { readonly output: tf.Tensor2D; readonly sum: tf.Tensor2D | null };
  /**
   * Adds to both parameters' gradients.
   * @param gradX  what is known of x's gradient from other operations, taken over; null when nothing is
   * @returns the gradient of x with it, [N, K]
   */
  linearBackward(
    gradOutput: tf.Tensor2D,
    saved: {
      readonly x: tf.Tensor2D;
      readonly weight: tf.Tensor2D;
      readonly sum: tf.Tensor2D | null;
      readonly activation: Activation;
    },
    gradients: { readonly weight: ParameterGradient; readonly bias: ParameterGradient },
    gradX?: tf.Tensor2D | null,
  ): tf.Tensor2D;

  /**
   * Returns softmax(query·keyᵀ/√(D/H) [+ causal mask])·value of each sequence and head, [N, D], heads side by side, and
   * what its own backward wants to keep.
   */
  attention(
    query: tf.Tensor2D,
    key: tf.Tensor2D,
    value: tf.Tensor2D,
    options: AttentionOptions,
  ): { readonly output: tf.Tensor2D; readonly saved: readonly tf.Tensor[] };
  attentionBackward(
    gradOutput: tf.Tensor2D,
    inputs: {
      readonly query: tf.Tensor2D;
      readonly key: tf.Tensor2D;
      readonly value: tf.Tensor2D;
      readonly output: tf.Tensor2D;
      readonly saved: readonly tf.Tensor[];
    },
    options: AttentionOptions,
  ): { readonly query: tf.Tensor2D; readonly key: tf.Tensor2D; readonly value: tf.Tensor2D };

  /** Returns layerNorm(residual + dropout(x)) · weight + bias, [N, D], with ε = 1e-5. @param weight, bias [D] */
  residualLayerNorm(
    x: tf.Tensor2D,
    residual: tf.Tensor2D,
    weight: tf.Tensor1D,
    bias: tf.Tensor1D,
    dropout: Dropout | null,
  ): { readonly output: tf.Tensor2D; readonly saved: readonly tf.Tensor[] };
  /** Adds to both parameters' gradients. */
  residualLayerNormBackward(
    gradOutput: tf.Tensor2D,
    inputs: { readonly weight: tf.Tensor1D; readonly saved: readonly tf.Tensor[]; readonly dropout: Dropout | null },
    gradients: { readonly weight: ParameterGradient; readonly bias: ParameterGradient },
  ): { readonly x: tf.Tensor2D; readonly residual: tf.Tensor2D };

  /** Returns dropout(x), of x's shape; its own backward when given the gradient. */
  dropout(x: tf.Tensor2D, dropout: Dropout): tf.Tensor2D;

  /** Returns a + b, both [N, D]. */
  add(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D;

  /**
   * The output layer and its loss in one: the logits of a batch are never held whole.
   * The loss is the mean over rows of (1 - ε)·nll + ε·(mean of -log p over the vocabulary), in nats, times `weight`.
   *
   * @param hidden [N, D], head [V, D], bias [V] (not trained), labels [N], each in 0…V-1
   * @param gradHead  gets weight × the head's gradient added; null when no gradient is wanted
   * @returns `gradHidden` [N, D] likewise times `weight`, null when none is wanted
   */
  crossEntropy(
    hidden: tf.Tensor2D,
    head: tf.Tensor2D,
    bias: tf.Tensor1D,
    labels: Int32Array,
    options: { readonly labelSmoothing: number; readonly weight: number; readonly gradHead: ParameterGradient | null },
  ): { readonly loss: tf.Scalar; readonly gradHidden: tf.Tensor2D | null };

  /** Returns the sum of squares over all the tensors. */
  sumOfSquares(tensors: readonly tf.Tensor[]): Promise<number>;
  /** One step of AdamW on every parameter, in place; see `adamw.ts` for the arithmetic and its order. */
  adamwStep(parameters: readonly AdamWParameter[], numbers: AdamWNumbers): void;
}

export interface AdamWParameter {
  readonly value: tf.Variable;
  readonly gradient: tf.Tensor;
  readonly mean: tf.Variable;
  readonly square: tf.Variable;
  readonly isDecayed: boolean;
}

export interface AdamWNumbers {
  /** Every gradient is multiplied by it first: clipping. */
  readonly gradientScale: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** learningRate / (1 - beta1^step) */
  readonly stepSize: number;
  /** √(1 - beta2^step) */
  readonly squareCorrection: number;
  /** learningRate · weight_decay, for those that decay. */
  readonly decay: number;
}
