/**
 * A model's generation_config.json, read key by key: absent and null are null, and what is wrong is gathered until
 * `throwProblems`. Keys that would change the output and are not supported are problems too.
 */
import { ModelError } from '../../errors.ts';
import { jsonExcerpt } from '../files/json-excerpt.ts';

/** When a beam search with enough finished hypotheses ends: at once, when an estimate says so, or when none can be beaten. */
export type EarlyStopping = boolean | 'never';

/** Keys of generation_config.json that would change the output, with the values that leave it as it is. */
const UNSUPPORTED: Readonly<Record<string, readonly unknown[]>> = {
  do_sample: [false],
  num_return_sequences: [1],
  num_beam_groups: [1],
  diversity_penalty: [0],
  penalty_alpha: [0],
  repetition_penalty: [1],
  encoder_repetition_penalty: [1],
  encoder_no_repeat_ngram_size: [0],
  max_time: [],
  stop_strings: [],
  constraints: [],
  force_words_ids: [],
  sequence_bias: [],
  exponential_decay_length_penalty: [],
  forced_decoder_ids: [],
  guidance_scale: [1],
  remove_invalid_values: [false],
  watermarking_config: [],
  dola_layers: [],
  token_healing: [false],
};

export class GenerationFile {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #vocabSize: number;
  readonly #problems: string[] = [];

  constructor(values: Readonly<Record<string, unknown>>, vocabSize: number) {
    this.#values = values;
    this.#vocabSize = vocabSize;
  }

  integer(name: string, least: number): number | null {
    return this.#read(name, `a whole number of at least ${least}`, (value) => isWhole(value, least));
  }

  number(name: string): number | null {
    return this.#read(name, 'a finite number', (value): value is number => Number.isFinite(value));
  }

  boolean(name: string): boolean | null {
    return this.#read(name, 'true or false', (value) => typeof value === 'boolean');
  }

  earlyStopping(): EarlyStopping | null {
    return this.#read('early_stopping', 'true, false or "never"', isEarlyStopping);
  }

  id(name: string): number | null {
    return this.#read(name, this.#expectedId('an id'), (value): value is number => this.#isId(value));
  }

  ids(name: string): readonly number[] | null {
    const expected = this.#expectedId('an id or a list of ids');
    const isOneOrMore = (value: unknown): value is number | number[] => this.#isId(value) || this.#isIdList(value);
    const value = this.#read(name, expected, isOneOrMore);
    return typeof value === 'number' ? [value] : value;
  }

  /** A list of ids, which may be empty. */
  idList(name: string): readonly number[] {
    const isList = (value: unknown): value is number[] => Array.isArray(value) && value.every((id) => this.#isId(id));
    return this.#read(name, this.#expectedId('a list of ids'), isList) ?? [];
  }

  badWords(): readonly (readonly number[])[] {
    const isWords = (value: unknown): value is number[][] =>
      Array.isArray(value) && value.every((word) => this.#isIdList(word));
    return this.#read('bad_words_ids', this.#expectedId('a list of lists of ids'), isWords) ?? [];
  }

  refuseUnsupported(): void {
    for (const [name, neutral] of Object.entries(UNSUPPORTED)) {
      const value = this.#values[name];
      if (value === undefined || value === null || neutral.includes(value)) continue;
      const allowed = neutral.length === 0 ? 'none' : JSON.stringify(neutral[0]);
      this.#problems.push(`${name} is ${shown(value)}, which is not supported; expected ${allowed}`);
    }
  }

  throwProblems(): void {
    if (this.#problems.length === 0) return;
    const lines = this.#problems.map((problem) => `  ${problem}`);
    throw new ModelError(['The generation settings of the model cannot be used.', ...lines].join('\n'), {
      hint: "Correct or remove these keys in generation_config.json (or config.json) in the model's folder.",
    });
  }

  #read<T>(name: string, expected: string, isRight: (value: unknown) => value is T): T | null {
    const value = this.#values[name];
    if (value === undefined || value === null) return null;
    if (isRight(value)) return value;
    this.#problems.push(`${name} is ${shown(value)}; expected ${expected}`);
    return null;
  }

  #expectedId(what: string): string {
    return `${what} from 0 to ${this.#vocabSize - 1}`;
  }

  #isId(value: unknown): value is number {
    return isWhole(value, 0) && value < this.#vocabSize;
  }

  #isIdList(value: unknown): value is number[] {
    return Array.isArray(value) && value.length > 0 && value.every((id) => this.#isId(id));
  }
}

export function isWhole(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least;
}

export function isEarlyStopping(value: unknown): value is EarlyStopping {
  return typeof value === 'boolean' || value === 'never';
}

/** JSON has no NaN. */
export function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : jsonExcerpt(value);
}
