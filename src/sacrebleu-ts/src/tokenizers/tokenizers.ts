/** The tokenizers by sacreBLEU's names. Each turns a line into words divided by white space. */
import { tokenize13a } from './13a.ts';
import { tokenizeChar } from './char.ts';
import { tokenizeIntl } from './intl.ts';
import { tokenizeNone } from './none.ts';

export type Tokenizer = (line: string) => string;

const tokenizers = {
  '13a': tokenize13a,
  none: tokenizeNone,
  char: tokenizeChar,
  intl: tokenizeIntl,
} as const satisfies Record<string, Tokenizer>;

export type TokenizerName = keyof typeof tokenizers;

export const tokenizerNames = Object.keys(tokenizers) as readonly TokenizerName[];

/**
 * The tokenizer of that name.
 * @throws {RangeError} when there is none, with the names there are
 */
export function findTokenizer(name: string): Tokenizer {
  const found = Object.entries(tokenizers).find(([known]) => known === name);
  if (found === undefined) {
    throw new RangeError(`Tokenizer '${name}' is not supported; supported are: ${tokenizerNames.join(', ')}.`);
  }
  return found[1];
}

/**
 * The line tokenized, as sacreBLEU's tokenizer of that name gives it.
 * @throws {RangeError} when there is no such tokenizer
 */
export function tokenize(name: TokenizerName, line: string): string {
  return findTokenizer(name)(line);
}
