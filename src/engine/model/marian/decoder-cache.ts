/**
 * What decoding remembers: for each decoder layer the keys and values of the positions so far, one set a row, and those
 * of the source, one set a sentence however many rows (beams) read it.
 *
 * Rows come in groups of equal size, each group on one source. Reordering that breaks this (sentences left with different
 * numbers of rows) makes every row a group of its own, with its own copy of the source's keys and values.
 * R rows, G groups, H heads, L positions so far, S source length, D model size.
 */
import * as tf from '@tensorflow/tfjs-core';
import { gatherRows } from '../../backend/row-kernels.ts';
import type { DecoderState } from '../seq2seq-model.ts';
import { regroup, type SourceGroups } from './source-groups.ts';
import type { StepWeights } from './step-weights.ts';

/** Keys and values of one attention, split by head. */
export type KeysAndValues = { readonly keys: tf.Tensor4D; readonly values: tf.Tensor4D };

export interface LayerMemory {
  /** [G, H, S, D/H] */
  source: KeysAndValues;
  /** [R, H, L, D/H]; null before the first position. */
  own: KeysAndValues | null;
}

export interface DecoderCacheOptions {
  readonly batchSize: number;
  readonly beams: number;
  /** Keys and values of the source for each decoder layer, [B, H, S, D/H]. */
  readonly sources: readonly KeysAndValues[];
  /** [B, 1, 1, S]; null where all sources are equally long. */
  readonly mask: tf.Tensor4D | null;
  readonly weights: StepWeights;
}

/** Takes over the tensors it is given; whoever holds it calls `dispose`. */
export class DecoderCache implements DecoderState {
  readonly weights: StepWeights;
  readonly layers: readonly LayerMemory[];
  #groups: SourceGroups;
  #mask: tf.Tensor4D | null;

  constructor({ batchSize, beams, sources, mask, weights }: DecoderCacheOptions) {
    this.weights = weights;
    this.layers = sources.map(({ keys, values }) => ({
      source: { keys: tf.keep(keys), values: tf.keep(values) },
      own: null,
    }));
    this.#groups = { sources: Int32Array.from({ length: batchSize }, (_, sentence) => sentence), size: beams };
    this.#mask = mask === null ? null : tf.keep(mask);
  }

  get length(): number {
    return this.layers[0]?.own?.keys.shape[2] ?? 0;
  }

  get rows(): number {
    return this.#groups.sources.length * this.#groups.size;
  }

  /** Rows that read one source, side by side. */
  get groupSize(): number {
    return this.#groups.size;
  }

  /** [G, 1, 1, S] hides the padding of each group's source; null where there is none. */
  get sourceMask(): tf.Tensor4D | null {
    return this.#mask;
  }

  /** Appends a position's keys and values [R, H, 1, D/H] to a layer's and disposes them. */
  append(layer: LayerMemory, { keys, values }: KeysAndValues): KeysAndValues {
    const before = layer.own;
    layer.own =
      before === null
        ? { keys: tf.keep(keys), values: tf.keep(values) }
        : {
            keys: tf.keep(tf.concat([before.keys, keys], 2)),
            values: tf.keep(tf.concat([before.values, values], 2)),
          };
    if (before !== null) tf.dispose([before.keys, before.values, keys, values]);
    return layer.own;
  }

  /** Makes row r continue what row `origins[r]` was. @throws {RangeError} when an origin is not a row */
  reorder(origins: Int32Array): void {
    const { groups, origins: groupOrigins } = regroup(this.#groups, origins);
    const keepsSources = groupOrigins.length === this.#groups.sources.length && groupOrigins.every((g, i) => g === i);
    for (const layer of this.layers) {
      if (layer.own !== null) layer.own = gatherBoth(layer.own, origins);
      if (!keepsSources) layer.source = gatherBoth(layer.source, groupOrigins);
    }
    if (!keepsSources && this.#mask !== null) this.#mask = gatherAndDispose(this.#mask, groupOrigins);
    this.#groups = groups;
  }

  dispose(): void {
    this.weights.dispose();
    this.#mask?.dispose();
    for (const { source, own } of this.layers) {
      tf.dispose([source.keys, source.values]);
      if (own !== null) tf.dispose([own.keys, own.values]);
    }
  }
}

function gatherBoth({ keys, values }: KeysAndValues, origins: Int32Array): KeysAndValues {
  return { keys: gatherAndDispose(keys, origins), values: gatherAndDispose(values, origins) };
}

function gatherAndDispose(x: tf.Tensor4D, origins: Int32Array): tf.Tensor4D {
  const gathered = tf.keep(gatherRows(x, origins));
  x.dispose();
  return gathered;
}
