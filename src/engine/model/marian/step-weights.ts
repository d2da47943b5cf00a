/**
 * The decoder's weights made ready for decoding position by position: transposed once, since wasm multiplies fast only
 * what is not transposed, and keeps a packed copy of each tensor it has multiplied with for as long as that lives.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { LinearWeights } from '../ops/linear.ts';
import type { LayerNormWeights } from '../ops/residual-layer-norm.ts';
import type { DecoderLayerWeights, MarianWeights } from './marian-weights.ts';

/** A linear layer with its inputs first. */
export interface StepLinear {
  /** [K, M] */
  readonly transposed: tf.Tensor2D;
  /** [M] */
  readonly bias: tf.Tensor1D;
}

export interface StepLayer {
  readonly self: Readonly<Record<'query' | 'key' | 'value' | 'output', StepLinear>> & {
    readonly norm: LayerNormWeights;
  };
  readonly cross: Readonly<Record<'query' | 'output', StepLinear>> & { readonly norm: LayerNormWeights };
  readonly feedForward: Readonly<Record<'inner' | 'outer', StepLinear>> & { readonly norm: LayerNormWeights };
}

/** Holds the transposed weights until `dispose`; biases and norms are the model's. */
export class StepWeights {
  readonly layers: readonly StepLayer[];
  /** The output layer, [D, V]. */
  readonly head: tf.Tensor2D;
  readonly #owned: tf.Tensor[] = [];

  constructor({ decoderLayers, head }: Pick<MarianWeights, 'decoderLayers' | 'head'>) {
    this.layers = decoderLayers.map((layer) => this.#stepLayer(layer));
    this.head = this.#transpose(head);
  }

  dispose(): void {
    tf.dispose(this.#owned);
  }

  #stepLayer({ selfAttention, crossAttention, feedForward }: DecoderLayerWeights): StepLayer {
    return {
      self: {
        query: this.#stepLinear(selfAttention.query),
        key: this.#stepLinear(selfAttention.key),
        value: this.#stepLinear(selfAttention.value),
        output: this.#stepLinear(selfAttention.output),
        norm: selfAttention.norm,
      },
      cross: {
        query: this.#stepLinear(crossAttention.query),
        output: this.#stepLinear(crossAttention.output),
        norm: crossAttention.norm,
      },
      feedForward: {
        inner: this.#stepLinear(feedForward.inner),
        outer: this.#stepLinear(feedForward.outer),
        norm: feedForward.norm,
      },
    };
  }

  #stepLinear({ weight, bias }: LinearWeights): StepLinear {
    return { transposed: this.#transpose(weight), bias };
  }

  #transpose(weight: tf.Tensor2D): tf.Tensor2D {
    const transposed = tf.keep(tf.transpose(weight));
    this.#owned.push(transposed);
    return transposed;
  }
}
