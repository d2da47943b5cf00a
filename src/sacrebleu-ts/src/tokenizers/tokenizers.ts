/** The tokenizers by sacreBLEU's names. Each turns a line into words divided by white space. */
import { splitWords } from '../python/white-space.ts';
import { splitWords13a } from './13a.ts';
import { tokenizeChar } from './char.ts';
import { tokenizeIntl } from './intl.ts';
import { tokenizeNone } from './none.ts';
import {
  type SentencePieceEncoder,
  type SentencePieceName,
  sentencePieceSources,
  sentencePieceTokenizer,
} from './sentence-piece.ts';
import { splitWordsZh } from './zh.ts';

export interface Tokenizer {
  /** As it stands in the signature. */
  readonly signature: string;
  readonly tokenize: (line: string) => string;
  /** What white space divides in the tokenized line. */
  readonly words: (line: string) => string[];
}

export interface TokenizerOptions {
  /** The model of `spm`, `flores101`, `flores200` and `spBLEU-1K`, which need one. */
  readonly sentencePiece?: SentencePieceEncoder;
}

const tokenizers = {
  '13a': byWords('13a', splitWords13a),
  none: byLine('none', tokenizeNone),
  char: byLine('char', tokenizeChar),
  intl: byLine('intl', tokenizeIntl),
  zh: byWords('zh', splitWordsZh),
} as const satisfies Record<string, Tokenizer>;

/** What sacreBLEU takes Japanese and Korean apart with. */
const dictionaries = {
  'ja-mecab': 'MeCab and its IPA dictionary',
  'ko-mecab': 'MeCab-ko and mecab-ko-dic',
} as const;

/** `ja-mecab` and `ko-mecab` are always an error, which says what is missing. */
export type TokenizerName = keyof typeof tokenizers | SentencePieceName | keyof typeof dictionaries;

/** Those there are here. */
export const tokenizerNames = [
  ...Object.keys(tokenizers),
  ...Object.keys(sentencePieceSources),
] as readonly TokenizerName[];

/** All of sacreBLEU's, those whose dictionary is missing here too. */
export const allTokenizerNames = [...tokenizerNames, ...Object.keys(dictionaries)] as readonly TokenizerName[];

/**
 * The tokenizer of that name.
 * @throws {RangeError} when there is none, with the names there are, or when what it needs is not given
 */
export function findTokenizer(name: string, { sentencePiece }: TokenizerOptions = {}): Tokenizer {
  if (isKeyOf(tokenizers, name)) return tokenizers[name];
  if (isKeyOf(sentencePieceSources, name)) {
    return byLine(sentencePieceSources[name].signature, sentencePieceTokenizer(name, sentencePiece));
  }
  if (isKeyOf(dictionaries, name)) {
    throw new RangeError(
      `Tokenizer '${name}' needs ${dictionaries[name]}, which are not part of this package: divide the words of both sides with them and take tokenize 'none', or take 'char' or 'flores200'.`,
    );
  }
  throw new RangeError(`Tokenizer '${name}' is not supported; supported are: ${tokenizerNames.join(', ')}.`);
}

/**
 * The line tokenized, as sacreBLEU's tokenizer of that name gives it.
 * @throws {RangeError} when there is no such tokenizer, or what it needs is not given
 */
export function tokenize(name: TokenizerName, line: string, options: TokenizerOptions = {}): string {
  return findTokenizer(name, options).tokenize(line);
}

function byLine(signature: string, tokenize: (line: string) => string): Tokenizer {
  return { signature, tokenize, words: (line) => splitWords(tokenize(line)) };
}

function byWords(signature: string, words: (line: string) => string[]): Tokenizer {
  return { signature, tokenize: (line) => words(line).join(' '), words };
}

function isKeyOf<Names extends object>(names: Names, name: string): name is keyof Names & string {
  return Object.hasOwn(names, name);
}
