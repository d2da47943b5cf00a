/**
 * The encoder's and decoder's layers over whole sequences, for training and for encoding.
 * All activations are [B·T, D]: two axes, because wasm multiplies those fast. Post-norm, as config.json's
 * normalize_before false. B batch, S source length, T target length, D model size.
 */
import * as tf from '@tensorflow/tfjs-core';
import { attention } from '../ops/attention.ts';
import type { DropoutMasks } from '../ops/dropout.ts';
import { linear } from '../ops/linear.ts';
import { residualLayerNorm } from '../ops/residual-layer-norm.ts';
import type { MarianConfig } from './marian-config.ts';
import type {
  AttentionWeights,
  DecoderLayerWeights,
  EncoderLayerWeights,
  FeedForwardWeights,
} from './marian-weights.ts';

export interface LayerContext {
  readonly config: MarianConfig;
  readonly batchSize: number;
  readonly dropout: DropoutMasks;
}

/** Returns the layer's output for states [B·S, D]; `mask` [B, 1, 1, S] hides the padding. The caller disposes it. */
export function encoderLayer(
  states: tf.Tensor2D,
  weights: EncoderLayerWeights,
  mask: tf.Tensor4D,
  context: LayerContext,
): tf.Tensor2D {
  const { heads } = context.config.encoder;
  const attended = attentionSublayer(states, states, weights.selfAttention, { heads, mask }, context);
  return feedForwardSublayer(attended, weights.feedForward, context);
}

export interface DecoderMasks {
  /** [1, 1, T, T] hides what comes later. Padding is not hidden: it comes after all that counts. */
  readonly causal: tf.Tensor4D;
  /** [B, 1, 1, S] hides the padding of the source. */
  readonly source: tf.Tensor4D;
}

/** Returns the layer's output for states [B·T, D] beside the encoder's [B·S, D]. The caller disposes it. */
export function decoderLayer(
  states: tf.Tensor2D,
  encoded: tf.Tensor2D,
  weights: DecoderLayerWeights,
  masks: DecoderMasks,
  context: LayerContext,
): tf.Tensor2D {
  const { heads } = context.config.decoder;
  const own = attentionSublayer(states, states, weights.selfAttention, { heads, mask: masks.causal }, context);
  const crossed = attentionSublayer(own, encoded, weights.crossAttention, { heads, mask: masks.source }, context);
  return feedForwardSublayer(crossed, weights.feedForward, context);
}

function attentionSublayer(
  states: tf.Tensor2D,
  memory: tf.Tensor2D,
  weights: AttentionWeights,
  { heads, mask }: { readonly heads: number; readonly mask: tf.Tensor4D },
  { config, batchSize, dropout }: LayerContext,
): tf.Tensor2D {
  const sequences = (x: tf.Tensor2D): tf.Tensor3D => tf.reshape(x, [batchSize, -1, config.modelSize]);
  const query = sequences(linear(states, weights.query)); // [B, T, D]
  const key = sequences(linear(memory, weights.key)); // [B, S, D]
  const value = sequences(linear(memory, weights.value)); // [B, S, D]
  const dropoutMask = dropout.next<tf.Tensor4D>(
    [batchSize, heads, query.shape[1], key.shape[1]],
    config.attentionDropout,
  );
  const attended = attention(query, key, value, { heads, mask, dropoutMask }); // [B, T, D]
  const output = linear(tf.reshape(attended, states.shape), weights.output); // [B·T, D]
  return residualLayerNorm(output, states, weights.norm, dropout.next<tf.Tensor2D>(states.shape, config.dropout));
}

function feedForwardSublayer(
  states: tf.Tensor2D,
  weights: FeedForwardWeights,
  { config, dropout }: LayerContext,
): tf.Tensor2D {
  const inner = linear(states, weights.inner, config.activation); // [B·T, F]
  const innerMask = dropout.next<tf.Tensor2D>(inner.shape, config.activationDropout);
  const output = linear(innerMask === null ? inner : tf.mul(inner, innerMask), weights.outer); // [B·T, D]
  return residualLayerNorm(output, states, weights.norm, dropout.next<tf.Tensor2D>(states.shape, config.dropout));
}
