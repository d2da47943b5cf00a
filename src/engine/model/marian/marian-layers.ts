/**
 * The encoder's and decoder's layers over whole sequences, for training and for encoding.
 * All rows are packed, [N, D]: the pieces of one sentence after those of the other. Post-norm, as config.json's
 * normalize_before false. D model size.
 */
import { attention } from '../ops/attention.ts';
import { type DropoutSites, dropout } from '../ops/dropout.ts';
import type { AttentionOptions } from '../ops/fused-ops.ts';
import { linear } from '../ops/linear.ts';
import { residualLayerNorm } from '../ops/residual-layer-norm.ts';
import { type Rows, stage, type Tape } from '../ops/tape.ts';
import type { MarianConfig } from './marian-config.ts';
import type {
  AttentionWeights,
  DecoderLayerWeights,
  EncoderLayerWeights,
  FeedForwardWeights,
} from './marian-weights.ts';

export interface LayerContext {
  /** Null where no gradient is wanted: the states given to a layer are then disposed by it. */
  readonly tape: Tape | null;
  readonly config: MarianConfig;
  readonly dropout: DropoutSites;
  /** Called before each layer: what it throws ends the pass. */
  assertWanted(): void;
}

/** Returns the layer's output for states whose sentences begin at `starts`. */
export function encoderLayer(
  states: Rows,
  starts: Int32Array,
  weights: EncoderLayerWeights,
  context: LayerContext,
): Rows {
  context.assertWanted();
  const { heads } = context.config.encoder;
  const options = { heads, queryStarts: starts, keyStarts: starts, isCausal: false };
  const attended = attentionSublayer(states, states, weights.selfAttention, options, context);
  return feedForwardSublayer(attended, weights.feedForward, context);
}

/** The encoder's last states, and where each sentence of them begins. */
export interface EncodedSource {
  readonly states: Rows;
  readonly starts: Int32Array;
}

/** Returns the layer's output for states whose sentences begin at `starts`, each beside its source, which stays. */
export function decoderLayer(
  states: Rows,
  starts: Int32Array,
  source: EncodedSource,
  weights: DecoderLayerWeights,
  context: LayerContext,
): Rows {
  context.assertWanted();
  const { heads } = context.config.decoder;
  const ofItself = { heads, queryStarts: starts, keyStarts: starts, isCausal: true };
  const ofSource = { heads, queryStarts: starts, keyStarts: source.starts, isCausal: false };
  const own = attentionSublayer(states, states, weights.selfAttention, ofItself, context);
  const crossed = attentionSublayer(own, source.states, weights.crossAttention, ofSource, context);
  return feedForwardSublayer(crossed, weights.feedForward, context);
}

function attentionSublayer(
  states: Rows,
  memory: Rows,
  weights: AttentionWeights,
  options: Omit<AttentionOptions, 'dropout'>,
  { tape, config, dropout: sites }: LayerContext,
): Rows {
  return stage(tape, states, () => {
    const query = linear(tape, states, weights.query);
    const key = linear(tape, memory, weights.key);
    const value = linear(tape, memory, weights.value);
    const attended = attention(tape, query, key, value, { ...options, dropout: sites.next(config.attentionDropout) });
    const output = linear(tape, attended, weights.output);
    return residualLayerNorm(tape, output, states, weights.norm, sites.next(config.dropout));
  });
}

function feedForwardSublayer(
  states: Rows,
  weights: FeedForwardWeights,
  { tape, config, dropout: sites }: LayerContext,
): Rows {
  return stage(tape, states, () => {
    const inner = linear(tape, states, weights.inner, config.activation); // [N, F]
    const kept = dropout(tape, inner, sites.next(config.activationDropout));
    const output = linear(tape, kept, weights.outer); // [N, D]
    return residualLayerNorm(tape, output, states, weights.norm, sites.next(config.dropout));
  });
}
