import { describe, expect, it } from 'vitest';
import type { GenerationConfig } from '../../../src/engine/config/experiment.ts';
import { resolveGenerationSettings } from '../../../src/engine/decoding/generation-settings.ts';
import { type AppError, ConfigError, ModelError } from '../../../src/errors.ts';

const model = { padTokenId: 59, eosTokenId: 0, decoderStartTokenId: 59, vocabSize: 60, maxPositions: 512 };
const noOverrides: GenerationConfig = {
  num_beams: null,
  max_length: null,
  length_penalty: null,
  early_stopping: null,
  compatibility: 'transformers-4',
};
/** As the hub's opus-mt models have it. */
const marianFile = {
  bad_words_ids: [[59]],
  bos_token_id: 0,
  decoder_start_token_id: 59,
  eos_token_id: 0,
  forced_eos_token_id: 0,
  max_length: 512,
  num_beams: 4,
  pad_token_id: 59,
  renormalize_logits: true,
  transformers_version: '4.32.0',
};

function errorOf(action: () => unknown): AppError {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError || error instanceof ModelError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('resolveGenerationSettings', () => {
  it("takes the model's own settings where the experiment leaves them", () => {
    expect(resolveGenerationSettings(marianFile, noOverrides, model)).toEqual({
      numBeams: 4,
      maxLength: 512,
      lengthPenalty: 1,
      earlyStopping: false,
      compatibility: 'transformers-4',
      minLength: 0,
      noRepeatNgramSize: 0,
      suppressedIds: [],
      suppressedFirstIds: [],
      badWordsIds: [[59]],
      forcedBosTokenId: null,
      forcedEosTokenIds: [0],
      eosTokenIds: [0],
      padTokenId: 59,
      decoderStartTokenId: 59,
      renormalizeLogits: true,
    });
  });

  it('lets the experiment override beams, length, penalty and stopping', () => {
    const overrides = {
      num_beams: 1,
      max_length: 128,
      length_penalty: 0.6,
      early_stopping: 'never',
      compatibility: 'transformers-5',
    } as const;
    expect(resolveGenerationSettings({ ...marianFile, early_stopping: true }, overrides, model)).toMatchObject({
      numBeams: 1,
      maxLength: 128,
      lengthPenalty: 0.6,
      earlyStopping: 'never',
      compatibility: 'transformers-5',
    });
  });

  it("falls back to greedy search, the model's ids and the model's positions when the file is empty", () => {
    expect(resolveGenerationSettings({}, noOverrides, model)).toEqual({
      numBeams: 1,
      maxLength: 512,
      lengthPenalty: 1,
      earlyStopping: false,
      compatibility: 'transformers-4',
      minLength: 0,
      noRepeatNgramSize: 0,
      suppressedIds: [],
      suppressedFirstIds: [],
      badWordsIds: [],
      forcedBosTokenId: null,
      forcedEosTokenIds: [],
      eosTokenIds: [0],
      padTokenId: 59,
      decoderStartTokenId: 59,
      renormalizeLogits: false,
    });
  });

  it('reads lists of ends, a forced start, and max_new_tokens, which goes before max_length as in transformers', () => {
    const file = {
      eos_token_id: [0, 7],
      forced_eos_token_id: [0, 7],
      forced_bos_token_id: 3,
      max_new_tokens: 20,
      max_length: 9,
    };
    expect(resolveGenerationSettings(file, noOverrides, model)).toMatchObject({
      eosTokenIds: [0, 7],
      forcedEosTokenIds: [0, 7],
      forcedBosTokenId: 3,
      maxLength: 21,
    });
    expect(resolveGenerationSettings(file, { ...noOverrides, max_length: 30 }, model).maxLength).toBe(30);
  });

  it('reads what keeps pieces out, and min_new_tokens, which goes before min_length as in transformers', () => {
    const file = {
      no_repeat_ngram_size: 3,
      min_length: 5,
      suppress_tokens: [7, 8],
      begin_suppress_tokens: [9],
    };
    const read = { noRepeatNgramSize: 3, minLength: 5, suppressedIds: [7, 8], suppressedFirstIds: [9] };
    expect(resolveGenerationSettings(file, noOverrides, model)).toMatchObject(read);
    expect(resolveGenerationSettings({ ...file, min_new_tokens: 5 }, noOverrides, model).minLength).toBe(6);
  });

  it('accepts unsupported keys with the value that changes nothing', () => {
    const neutral = {
      do_sample: false,
      repetition_penalty: 1.0,
      token_healing: false,
      sequence_bias: null,
    };
    expect(resolveGenerationSettings({ ...marianFile, ...neutral }, noOverrides, model).numBeams).toBe(4);
  });

  it('names every key of the file that it does not support or understand', () => {
    const file = {
      ...marianFile,
      do_sample: true,
      repetition_penalty: 1.3,
      token_healing: true,
      no_repeat_ngram_size: -1,
      suppress_tokens: [60],
      num_beams: 'four',
      bad_words_ids: [[60]],
      early_stopping: 1,
    };
    const error = errorOf(() => resolveGenerationSettings(file, noOverrides, model));
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message).toBe(
      [
        'The generation settings of the model cannot be used.',
        '  num_beams is "four"; expected a whole number of at least 1',
        '  early_stopping is 1; expected true, false or "never"',
        '  no_repeat_ngram_size is -1; expected a whole number of at least 0',
        '  suppress_tokens is [60]; expected a list of ids from 0 to 59',
        '  bad_words_ids is [[60]]; expected a list of lists of ids from 0 to 59',
        '  do_sample is true, which is not supported; expected false',
        '  repetition_penalty is 1.3, which is not supported; expected 1',
        '  token_healing is true, which is not supported; expected false',
      ].join('\n'),
    );
    expect(error.hint).toContain('generation_config.json');
  });

  it('names every override that is out of range', () => {
    const overrides = { num_beams: 0, max_length: 1, length_penalty: Number.NaN, early_stopping: 'yes' };
    const error = errorOf(() => resolveGenerationSettings(marianFile, overrides as unknown as GenerationConfig, model));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toBe(
      [
        'The generation settings cannot be used.',
        '  generation.num_beams: 0; expected a whole number of at least 1',
        '  generation.max_length: 1; expected a whole number of at least 2',
        '  generation.length_penalty: NaN; expected a finite number',
        '  generation.early_stopping: "yes"; expected true, false or "never"',
      ].join('\n'),
    );
  });

  it('refuses outputs longer than the positions of the model', () => {
    const error = errorOf(() => resolveGenerationSettings(marianFile, { ...noOverrides, max_length: 513 }, model));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toBe(
      'The generation settings do not fit the model.\n' +
        '  generation.max_length: 513 is longer than the 512 positions of the model',
    );
    expect(error.hint).toBe('Set generation.max_length to 512 or less.');
  });
});
