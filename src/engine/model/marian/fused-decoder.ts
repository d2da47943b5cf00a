/** Where a backend makes its own decoder for Marian known, beside its fused operations. */
import * as tf from '@tensorflow/tfjs-core';
import type { Packed } from '../../data/example.ts';
import type { RankingOptions, SentenceDecoder } from '../sentence-decoder.ts';
import type { MarianConfig } from './marian-config.ts';
import type { MarianWeights } from './marian-weights.ts';

/** What a decoder borrows of its model. */
export interface DecoderParts {
  readonly config: MarianConfig;
  readonly weights: MarianWeights;
  /** [maxPositions, D] */
  readonly positions: tf.Tensor2D;
  /** [V] added to the logits. */
  readonly logitsBias: tf.Tensor1D;
  /** Returns the encoder's last states, [N, D]; the caller disposes them. */
  encode(source: Packed): tf.Tensor2D;
}

export type OpenDecoder = (parts: DecoderParts, ranking: RankingOptions) => SentenceDecoder;

const registered = new Map<string, OpenDecoder>();

/** Makes `open` what opens decoders on the tfjs backend of that name. */
export function registerDecoder(backendName: string, open: OpenDecoder): void {
  registered.set(backendName, open);
}

/** Returns what opens decoders on tfjs's current backend, or null where it has none of its own. */
export function fusedDecoder(): OpenDecoder | null {
  return registered.get(tf.getBackend()) ?? null;
}
