/**
 * What decides the output of decoding: the model's generation_config.json, overridden by the experiment.
 * A key that would change the output and is not supported is an error here, so that nothing is silently ignored.
 */
import { ConfigError, type ConfigProblem } from '../../errors.ts';
import type { GenerationConfig } from '../config/experiment.ts';
import type { Seq2SeqModel } from '../model/seq2seq-model.ts';
import { type EarlyStopping, GenerationFile, isEarlyStopping, isWhole, shown } from './generation-file.ts';

export interface GenerationSettings {
  /** 1 is greedy search. */
  readonly numBeams: number;
  /** Longest output in pieces, start and end included; at least 2. */
  readonly maxLength: number;
  /** A hypothesis scores its log-probability divided by length ** lengthPenalty: above 0 favours longer ones. */
  readonly lengthPenalty: number;
  readonly earlyStopping: EarlyStopping;
  /** Which version of transformers decides where two of them write differently. */
  readonly compatibility: GenerationConfig['compatibility'];
  /** No output ends before it has so many pieces, the start counted; 0 or 1 is free. */
  readonly minLength: number;
  /** No output has the same so many pieces in a row twice, the start counted; 0 is free. */
  readonly noRepeatNgramSize: number;
  /** Ids that never appear. */
  readonly suppressedIds: readonly number[];
  /** Ids that are not the first, after a forced one where there is that. */
  readonly suppressedFirstIds: readonly number[];
  /** Sequences of ids that never appear in an output. */
  readonly badWordsIds: readonly (readonly number[])[];
  /** The only id allowed first; null when free. */
  readonly forcedBosTokenId: number | null;
  /** The only ids allowed at the last position of `maxLength`; empty when free. */
  readonly forcedEosTokenIds: readonly number[];
  readonly eosTokenIds: readonly number[];
  readonly padTokenId: number;
  readonly decoderStartTokenId: number;
  /** Whether probabilities sum to 1 again once bad words are taken out. */
  readonly renormalizeLogits: boolean;
}

/** What settings need to know of a model. */
type ModelLimits = Pick<
  Seq2SeqModel,
  'padTokenId' | 'eosTokenId' | 'decoderStartTokenId' | 'vocabSize' | 'maxPositions'
>;

/**
 * Settings for decoding with `model`: those of its generation_config.json, or of `overrides` where they are not null.
 * Without any `max_length` the model's positions are the limit (transformers would cut at 20).
 *
 * @param fromModel  generation_config.json, or config.json where that is missing; keys that do not decide outputs are skipped
 * @throws {ModelError} listing every key of the file that is ill-typed or not supported
 * @throws {ConfigError} listing every override out of range, or a length above the model's positions
 */
export function resolveGenerationSettings(
  fromModel: Readonly<Record<string, unknown>>,
  overrides: GenerationConfig,
  model: ModelLimits,
): GenerationSettings {
  assertOverrides(overrides);
  const file = new GenerationFile(fromModel, model.vocabSize);
  const newTokens = file.integer('max_new_tokens', 1);
  const fileLength = file.integer('max_length', 2);
  const minNewTokens = file.integer('min_new_tokens', 0);
  const fileMinLength = file.integer('min_length', 0);
  const settings: GenerationSettings = {
    numBeams: overrides.num_beams ?? file.integer('num_beams', 1) ?? 1,
    maxLength: overrides.max_length ?? (newTokens === null ? fileLength : newTokens + 1) ?? model.maxPositions,
    lengthPenalty: overrides.length_penalty ?? file.number('length_penalty') ?? 1,
    earlyStopping: overrides.early_stopping ?? file.earlyStopping() ?? false,
    compatibility: overrides.compatibility,
    minLength: (minNewTokens === null ? fileMinLength : minNewTokens + 1) ?? 0,
    noRepeatNgramSize: file.integer('no_repeat_ngram_size', 0) ?? 0,
    suppressedIds: file.idList('suppress_tokens'),
    suppressedFirstIds: file.idList('begin_suppress_tokens'),
    badWordsIds: file.badWords(),
    forcedBosTokenId: file.id('forced_bos_token_id'),
    forcedEosTokenIds: file.ids('forced_eos_token_id') ?? [],
    eosTokenIds: file.ids('eos_token_id') ?? [model.eosTokenId],
    padTokenId: file.id('pad_token_id') ?? model.padTokenId,
    decoderStartTokenId: file.id('decoder_start_token_id') ?? model.decoderStartTokenId,
    renormalizeLogits: file.boolean('renormalize_logits') ?? false,
  };
  file.refuseUnsupported();
  file.throwProblems();
  if (settings.maxLength > model.maxPositions) {
    const message = `${settings.maxLength} is longer than the ${model.maxPositions} positions of the model`;
    throw new ConfigError(
      'The generation settings do not fit the model.',
      [{ path: 'generation.max_length', message }],
      {
        hint: `Set generation.max_length to ${model.maxPositions} or less.`,
      },
    );
  }
  return settings;
}

function assertOverrides({ num_beams, max_length, length_penalty, early_stopping }: GenerationConfig): void {
  const problems: ConfigProblem[] = [];
  const check = (name: string, value: unknown, isRight: boolean, expected: string): void => {
    if (value === null || isRight) return;
    problems.push({ path: `generation.${name}`, message: `${shown(value)}; expected ${expected}` });
  };
  check('num_beams', num_beams, isWhole(num_beams, 1), 'a whole number of at least 1');
  check('max_length', max_length, isWhole(max_length, 2), 'a whole number of at least 2');
  check('length_penalty', length_penalty, Number.isFinite(length_penalty), 'a finite number');
  check('early_stopping', early_stopping, isEarlyStopping(early_stopping), 'true, false or "never"');
  if (problems.length > 0) throw new ConfigError('The generation settings cannot be used.', problems);
}
