/**
 * The parameters of a Marian model: their names and shapes in Hugging Face's files, and the layers made of them.
 * D model size, F feed-forward size, V vocabulary.
 */
import type * as tf from '@tensorflow/tfjs-core';
import type { LinearWeights } from '../ops/linear.ts';
import type { LayerNormWeights } from '../ops/residual-layer-norm.ts';
import type { MarianConfig, StackConfig } from './marian-config.ts';

export interface AttentionWeights {
  readonly query: LinearWeights;
  readonly key: LinearWeights;
  readonly value: LinearWeights;
  readonly output: LinearWeights;
  readonly norm: LayerNormWeights;
}

export interface FeedForwardWeights {
  /** [F, D] and [F]. */
  readonly inner: LinearWeights;
  /** [D, F] and [D]. */
  readonly outer: LinearWeights;
  readonly norm: LayerNormWeights;
}

export interface EncoderLayerWeights {
  readonly selfAttention: AttentionWeights;
  readonly feedForward: FeedForwardWeights;
}

export interface DecoderLayerWeights extends EncoderLayerWeights {
  readonly crossAttention: AttentionWeights;
}

export interface MarianWeights {
  /** [V, D] */
  readonly encoderTable: tf.Tensor2D;
  /** [V, D]; the encoder's own where they share. */
  readonly decoderTable: tf.Tensor2D;
  /** [V, D]; the decoder's table where tied. */
  readonly head: tf.Tensor2D;
  readonly encoderLayers: readonly EncoderLayerWeights[];
  readonly decoderLayers: readonly DecoderLayerWeights[];
}

/** Added to the logits; a buffer, not a parameter: loaded and saved, not trained. */
export const FINAL_LOGITS_BIAS = 'final_logits_bias';

const SHARED = 'model.shared.weight';
const ENCODER_TABLE = 'model.encoder.embed_tokens.weight';
const DECODER_TABLE = 'model.decoder.embed_tokens.weight';
const HEAD = 'lm_head.weight';

/** Names a file may hold besides, whose values are not used: positions are computed. */
export const IGNORED_WEIGHTS: readonly string[] = [
  'model.encoder.embed_positions.weight',
  'model.decoder.embed_positions.weight',
];

/** Returns, for each table, its own name first and then the names of those tied to it, any of which a file may hold. */
export function tableNames(config: MarianConfig): string[][] {
  if (config.sharesEmbeddings) return [[SHARED, ENCODER_TABLE, DECODER_TABLE, HEAD]];
  return config.tiesHead ? [[ENCODER_TABLE], [DECODER_TABLE, HEAD]] : [[ENCODER_TABLE], [DECODER_TABLE], [HEAD]];
}

/** Returns name and shape of every parameter, tied ones once. */
export function parameterShapes(config: MarianConfig): Map<string, number[]> {
  const { modelSize } = config;
  const shapes = new Map<string, number[]>();
  for (const [name = ''] of tableNames(config)) {
    shapes.set(name, [
      name === SHARED || name === ENCODER_TABLE ? config.vocabSize : config.decoderVocabSize,
      modelSize,
    ]);
  }
  addLayerShapes(shapes, 'model.encoder', config.encoder, modelSize, ['self_attn']);
  addLayerShapes(shapes, 'model.decoder', config.decoder, modelSize, ['self_attn', 'encoder_attn']);
  return shapes;
}

function addLayerShapes(
  shapes: Map<string, number[]>,
  stack: string,
  { layers, feedForwardSize }: StackConfig,
  modelSize: number,
  attentions: readonly string[],
): void {
  const addLinear = (name: string, outputs: number, inputs: number): void => {
    shapes.set(`${name}.weight`, [outputs, inputs]).set(`${name}.bias`, [outputs]);
  };
  const addNorm = (name: string): void => {
    shapes.set(`${name}.weight`, [modelSize]).set(`${name}.bias`, [modelSize]);
  };
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `${stack}.layers.${layer}`;
    for (const attention of attentions) {
      for (const projection of ['q_proj', 'k_proj', 'v_proj', 'out_proj']) {
        addLinear(`${prefix}.${attention}.${projection}`, modelSize, modelSize);
      }
      addNorm(`${prefix}.${attention}_layer_norm`);
    }
    addLinear(`${prefix}.fc1`, feedForwardSize, modelSize);
    addLinear(`${prefix}.fc2`, modelSize, feedForwardSize);
    addNorm(`${prefix}.final_layer_norm`);
  }
}

/** Arranges parameters by layer. @throws {RangeError} when one is missing */
export function arrangeWeights(config: MarianConfig, parameters: ReadonlyMap<string, tf.Tensor>): MarianWeights {
  const find = (name: string): tf.Tensor => {
    const parameter = parameters.get(name);
    if (parameter === undefined) throw new RangeError(`there is no parameter ${name}`);
    return parameter;
  };
  const pair = <T>(name: string): T => ({ weight: find(`${name}.weight`), bias: find(`${name}.bias`) }) as T;
  const attention = (name: string): AttentionWeights => ({
    query: pair(`${name}.q_proj`),
    key: pair(`${name}.k_proj`),
    value: pair(`${name}.v_proj`),
    output: pair(`${name}.out_proj`),
    norm: pair(`${name}_layer_norm`),
  });
  const encoderLayer = (prefix: string): EncoderLayerWeights => ({
    selfAttention: attention(`${prefix}.self_attn`),
    feedForward: {
      inner: pair(`${prefix}.fc1`),
      outer: pair(`${prefix}.fc2`),
      norm: pair(`${prefix}.final_layer_norm`),
    },
  });
  const table = (name: string): tf.Tensor2D => {
    const names = tableNames(config).find((tied) => tied.includes(name));
    return find(names?.[0] ?? name) as tf.Tensor2D;
  };
  return {
    encoderTable: table(ENCODER_TABLE),
    decoderTable: table(DECODER_TABLE),
    head: table(HEAD),
    encoderLayers: Array.from({ length: config.encoder.layers }, (_, layer) =>
      encoderLayer(`model.encoder.layers.${layer}`),
    ),
    decoderLayers: Array.from({ length: config.decoder.layers }, (_, layer) => ({
      ...encoderLayer(`model.decoder.layers.${layer}`),
      crossAttention: attention(`model.decoder.layers.${layer}.encoder_attn`),
    })),
  };
}

/** Whether weight decay applies, as Trainer groups parameters: to all but biases and layer norms. */
export function isDecayed(name: string): boolean {
  return !name.includes('bias') && !name.includes('layer_norm');
}
