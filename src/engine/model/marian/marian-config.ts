/**
 * What a Marian config.json says, checked: what we do not compute is refused, naming the field. Defaults are those of
 * transformers' MarianConfig; fields we do not know are left alone.
 */
import * as z from 'zod';
import { ModelError } from '../../../errors.ts';
import { jsonExcerpt } from '../../files/json-excerpt.ts';
import type { Activation } from '../ops/activation.ts';

export interface MarianConfig {
  readonly vocabSize: number;
  /** Size of the output vocabulary; equal to `vocabSize` where encoder and decoder share their embeddings. */
  readonly decoderVocabSize: number;
  readonly modelSize: number;
  readonly encoder: StackConfig;
  readonly decoder: StackConfig;
  readonly activation: Activation;
  /** √modelSize where embeddings are scaled, else 1. */
  readonly embeddingScale: number;
  readonly maxPositions: number;
  /** Deviation of new random weights. */
  readonly initStd: number;
  readonly dropout: number;
  readonly attentionDropout: number;
  readonly activationDropout: number;
  readonly padTokenId: number;
  readonly eosTokenId: number;
  readonly decoderStartTokenId: number;
  /** One table for both look-ups and the output layer. */
  readonly sharesEmbeddings: boolean;
  /** The output layer's weight is the decoder's table. */
  readonly tiesHead: boolean;
}

export interface StackConfig {
  readonly layers: number;
  readonly heads: number;
  readonly feedForwardSize: number;
}

/** Names of Hugging Face's ACT2FN; "swish" and "silu" are one function. */
const ACTIVATIONS: Readonly<Record<string, Activation>> = { swish: 'silu', silu: 'silu', relu: 'relu', gelu: 'gelu' };

/**
 * Far beyond any Marian model, and low enough that every size made of these is a safe integer: what a file claims costs
 * nothing before the weights have borne it out.
 */
const size = z.number().int().positive().max(100_000_000);
const layers = size.max(1000);
const tokenId = z.number().int().nonnegative();
const share = z.number().min(0).lt(1);
/** A field we compute with one value only. */
function only<const T extends boolean | number>(value: T, meaning: string) {
  return z.literal(value, `${meaning} is not supported, expected ${JSON.stringify(value)}`).default(value as never);
}

const schema = z.looseObject({
  model_type: z.literal('marian'),
  vocab_size: size,
  decoder_vocab_size: size.nullish(),
  d_model: size,
  encoder_layers: layers,
  decoder_layers: layers,
  encoder_attention_heads: size,
  decoder_attention_heads: size,
  encoder_ffn_dim: size,
  decoder_ffn_dim: size,
  activation_function: z
    .enum(
      Object.keys(ACTIVATIONS) as [string],
      `unsupported activation, expected one of ${Object.keys(ACTIVATIONS).join(', ')}`,
    )
    .default('gelu'),
  scale_embedding: z.boolean().default(false),
  max_position_embeddings: size.default(1024),
  init_std: z.number().nonnegative().default(0.02),
  dropout: share.default(0.1),
  attention_dropout: share.default(0),
  activation_dropout: share.default(0),
  pad_token_id: tokenId,
  eos_token_id: z.union([tokenId, z.tuple([tokenId])]).default(0),
  decoder_start_token_id: tokenId,
  share_encoder_decoder_embeddings: z.boolean().default(true),
  tie_word_embeddings: z.boolean().default(true),
  encoder_layerdrop: only(0, 'layer drop'),
  decoder_layerdrop: only(0, 'layer drop'),
  normalize_before: only(false, 'layer norm before the sublayer'),
  normalize_embedding: only(false, 'layer norm of the embeddings'),
  add_final_layer_norm: only(false, 'a layer norm after the last layer'),
  static_position_embeddings: only(true, 'learned positions'),
});

type RawConfig = z.infer<typeof schema>;

/**
 * Returns the configuration in a config.json.
 *
 * @throws {ModelError} listing every field that is missing, ill-typed, or asks for what is not supported
 */
export function parseMarianConfig(file: Readonly<Record<string, unknown>>): MarianConfig {
  const parsed = schema.safeParse(file);
  const problems = parsed.success
    ? contradictions(parsed.data)
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}${foundValue(file, issue.path)}`);
  if (!parsed.success || problems.length > 0) {
    throw new ModelError(['config.json describes a Marian model that cannot be used:', ...problems].join('\n  '), {
      hint: 'Use a model with the architecture of Helsinki-NLP/opus-mt-*.',
    });
  }
  const raw = parsed.data;
  return {
    vocabSize: raw.vocab_size,
    decoderVocabSize: raw.decoder_vocab_size ?? raw.vocab_size,
    modelSize: raw.d_model,
    encoder: { layers: raw.encoder_layers, heads: raw.encoder_attention_heads, feedForwardSize: raw.encoder_ffn_dim },
    decoder: { layers: raw.decoder_layers, heads: raw.decoder_attention_heads, feedForwardSize: raw.decoder_ffn_dim },
    activation: ACTIVATIONS[raw.activation_function] ?? 'none',
    embeddingScale: raw.scale_embedding ? Math.sqrt(raw.d_model) : 1,
    maxPositions: raw.max_position_embeddings,
    initStd: raw.init_std,
    dropout: raw.dropout,
    attentionDropout: raw.attention_dropout,
    activationDropout: raw.activation_dropout,
    padTokenId: raw.pad_token_id,
    eosTokenId: typeof raw.eos_token_id === 'number' ? raw.eos_token_id : raw.eos_token_id[0],
    decoderStartTokenId: raw.decoder_start_token_id,
    sharesEmbeddings: raw.share_encoder_decoder_embeddings,
    tiesHead: raw.tie_word_embeddings,
  };
}

function contradictions(raw: RawConfig): string[] {
  const problems: string[] = [];
  const decoderVocabSize = raw.decoder_vocab_size ?? raw.vocab_size;
  if (raw.d_model % 2 !== 0) problems.push(`d_model: ${raw.d_model} is odd, expected an even number`);
  for (const field of ['encoder_attention_heads', 'decoder_attention_heads'] as const) {
    if (raw.d_model % raw[field] !== 0) problems.push(`${field}: ${raw[field]} does not divide d_model ${raw.d_model}`);
  }
  if (raw.share_encoder_decoder_embeddings && !raw.tie_word_embeddings) {
    problems.push('tie_word_embeddings: false is not supported while share_encoder_decoder_embeddings is true');
  }
  if (raw.share_encoder_decoder_embeddings && decoderVocabSize !== raw.vocab_size) {
    problems.push(
      `decoder_vocab_size: ${decoderVocabSize}, expected vocab_size ${raw.vocab_size}: the embeddings are shared`,
    );
  }
  const smallest = Math.min(raw.vocab_size, decoderVocabSize);
  for (const field of ['pad_token_id', 'decoder_start_token_id'] as const) {
    if (raw[field] >= smallest)
      problems.push(`${field}: ${raw[field]} is outside the vocabulary of ${smallest} pieces`);
  }
  return problems;
}

function foundValue(file: Readonly<Record<string, unknown>>, path: readonly PropertyKey[]): string {
  const field = String(path[0] ?? '');
  return field in file ? ` (found ${jsonExcerpt(file[field])})` : ' (the field is missing)';
}
