/**
 * One position of decoding for every row at once, with the keys and values of earlier positions from the cache.
 * R rows, G groups of g rows on one source, H heads, L positions so far, S source length, D model size, V vocabulary.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Activation, activate } from '../ops/activation.ts';
import { attentionProbabilities, mergeHeads, splitHeads } from '../ops/composed/attention.ts';
import { padRows } from '../ops/composed/packed-rows.ts';
import { fusedOps } from '../ops/current-ops.ts';
import type { LinearWeights } from '../ops/linear.ts';
import type { LayerNormWeights } from '../ops/residual-layer-norm.ts';
import type { DecoderCache, KeysAndValues, LayerMemory } from './decoder-cache.ts';
import type { MarianConfig } from './marian-config.ts';
import type { MarianWeights } from './marian-weights.ts';
import type { StepLayer, StepLinear } from './step-weights.ts';

/**
 * Computes the keys and values of the source for each decoder layer, [B, H, S, D/H].
 *
 * @param encoded  [N, D], whose sentences begin at `starts`
 * @returns        one pair a layer, zero beyond a sentence's end; the caller disposes them
 */
export function sourceKeysAndValues(
  encoded: tf.Tensor2D,
  starts: Int32Array,
  { decoderLayers }: MarianWeights,
  heads: number,
): KeysAndValues[] {
  const project = ({ weight, bias }: LinearWeights): tf.Tensor4D =>
    splitHeads(padRows(fusedOps().linear(encoded, weight, bias, 'none', false).output, starts), heads);
  return decoderLayers.map(({ crossAttention: { key, value } }) =>
    tf.tidy(() => ({ keys: project(key), values: project(value) })),
  );
}

/**
 * Runs the decoder over one position and remembers its keys and values in the cache.
 *
 * @param embedded  [R, D] the position's embeddings
 * @param bias      [V] added to the logits
 * @returns         [R, V] logits; the caller disposes it
 */
export function decodePosition(
  embedded: tf.Tensor2D,
  cache: DecoderCache,
  { decoder: { heads }, activation }: Pick<MarianConfig, 'decoder' | 'activation'>,
  bias: tf.Tensor1D,
): tf.Tensor2D {
  return tf.tidy(() => {
    const { layers, head } = cache.weights;
    let states = embedded; // [R, D]
    layers.forEach((layer, index) => {
      states = decodeLayer(states, layer, cache.layers[index], cache, { heads, activation });
    });
    return stepLinear(states, { transposed: head, bias }); // [R, V]
  });
}

function decodeLayer(
  states: tf.Tensor2D,
  { self, cross, feedForward }: StepLayer,
  memory: LayerMemory | undefined,
  cache: DecoderCache,
  { heads, activation }: { readonly heads: number; readonly activation: Activation },
): tf.Tensor2D {
  if (memory === undefined) throw new RangeError('the decoder state has fewer layers than the model');
  const [rows, modelSize] = states.shape;
  const size = modelSize / heads;
  const oneByHead = (x: tf.Tensor2D): tf.Tensor4D => tf.reshape(x, [rows, heads, 1, size]); // one position: no transposition
  const own = cache.append(memory, {
    keys: oneByHead(stepLinear(states, self.key)),
    values: oneByHead(stepLinear(states, self.value)),
  }); // [R, H, L, D/H]
  const attended = attend(oneByHead(stepLinear(states, self.query)), own, null); // [R, H, 1, D/H]
  const selfOutput = stepLinear(tf.reshape(attended, [rows, modelSize]), self.output);
  const afterSelf = addAndNormalize(selfOutput, states, self.norm);

  // The rows of a group are so many queries on its one source.
  const grouped = tf.reshape(stepLinear(afterSelf, cross.query), [-1, cache.groupSize, modelSize]) as tf.Tensor3D;
  const crossed = mergeHeads(attend(splitHeads(grouped, heads), memory.source, cache.sourceMask)); // [G, g, D]
  const crossOutput = stepLinear(tf.reshape(crossed, [rows, modelSize]), cross.output);
  const afterCross = addAndNormalize(crossOutput, afterSelf, cross.norm);

  const inner = stepLinear(afterCross, feedForward.inner, activation); // [R, F]
  return addAndNormalize(stepLinear(inner, feedForward.outer), afterCross, feedForward.norm);
}

/** @param query [N, H, T, D/H] @returns [N, H, T, D/H] */
function attend(query: tf.Tensor4D, { keys, values }: KeysAndValues, mask: tf.Tensor4D | null): tf.Tensor4D {
  const scaled = tf.mul(query, query.shape[3] ** -0.5) as tf.Tensor4D;
  return tf.matMul(attentionProbabilities(scaled, keys, mask), values);
}

function addAndNormalize(x: tf.Tensor2D, residual: tf.Tensor2D, { weight, bias }: LayerNormWeights): tf.Tensor2D {
  return fusedOps().residualLayerNorm(x, residual, weight, bias, null).output;
}

function stepLinear(x: tf.Tensor2D, { transposed, bias }: StepLinear, activation: Activation = 'none'): tf.Tensor2D {
  return activate(tf.fused.matMul({ a: x, b: transposed, bias }) as tf.Tensor2D, activation);
}
