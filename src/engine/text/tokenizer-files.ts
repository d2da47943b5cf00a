/** Reads the files of a Marian tokenizer: vocab.json, target_vocab.json, tokenizer_config.json and the two .spm files. */
import path from 'node:path';
import { ModelError } from '../../errors.ts';
import { jsonExcerpt } from '../files/json-excerpt.ts';
import {
  type JsonObject,
  readModelFile,
  readModelJson,
  readOptionalModelJson,
  requireJsonObject,
} from '../model/model-file.ts';
import type { AddedToken } from './added-tokens.ts';

/** Ids are 32-bit integers to a model. */
const MAX_ID = 2 ** 31 - 1;

/** A token is looked for at each character of a text. */
const MOST_OF_A_TOKEN = 1000;

/** Piece to id. */
export type Vocabulary = ReadonlyMap<string, number>;

export interface NamedBytes {
  readonly path: string;
  readonly bytes: Buffer;
}

export interface TokenizerFiles {
  readonly sourceModel: NamedBytes;
  readonly targetModel: NamedBytes;
  readonly sourceVocabulary: Vocabulary;
  /** The same map as `sourceVocabulary` unless the model has two. */
  readonly targetVocabulary: Vocabulary;
  readonly unknownToken: string;
  readonly endToken: string;
  readonly padToken: string;
  readonly addedTokens: readonly AddedToken[];
  readonly cleanUpTokenizationSpaces: boolean;
}

/** @throws {ModelError} when a file is missing, malformed or does not fit the others */
export async function readTokenizerFiles(directory: string): Promise<TokenizerFiles> {
  const vocabularyPath = path.join(directory, 'vocab.json');
  const sourceVocabulary = await readVocabulary(vocabularyPath);
  const configPath = path.join(directory, 'tokenizer_config.json');
  const config = (await readOptionalModelJson(configPath)) ?? {};
  const targetVocabulary =
    config.separate_vocabs === true
      ? await readVocabulary(path.join(directory, 'target_vocab.json'))
      : sourceVocabulary;
  const special = await readSpecialTokens(directory, config);
  for (const { content } of Object.values(special)) {
    if (sourceVocabulary.has(content)) continue;
    throw new ModelError(`${vocabularyPath} has no entry for the special token ${jsonExcerpt(content)}.`, {
      hint: `Use the vocab.json published with the model, and check the names of special tokens in ${configPath}.`,
    });
  }
  return {
    sourceModel: await readNamedBytes(path.join(directory, 'source.spm')),
    targetModel: await readNamedBytes(path.join(directory, 'target.spm')),
    sourceVocabulary,
    targetVocabulary,
    unknownToken: special.unknown.content,
    endToken: special.end.content,
    padToken: special.pad.content,
    addedTokens: collectAddedTokens(config, configPath, Object.values(special), sourceVocabulary),
    cleanUpTokenizationSpaces: config.clean_up_tokenization_spaces === true,
  };
}

type SpecialToken = Pick<AddedToken, 'content' | 'stripsLeft' | 'stripsRight'>;

async function readSpecialTokens(
  directory: string,
  config: JsonObject,
): Promise<Record<'unknown' | 'end' | 'pad', SpecialToken>> {
  // A config without added_tokens_decoder is of a time when special_tokens_map.json had the last word.
  const isLegacy = config.added_tokens_decoder === undefined;
  const map = isLegacy ? await readOptionalModelJson(path.join(directory, 'special_tokens_map.json')) : null;
  const read = (key: string, fallback: string): SpecialToken => parseSpecialToken(map?.[key] ?? config[key], fallback);
  return { unknown: read('unk_token', '<unk>'), end: read('eos_token', '</s>'), pad: read('pad_token', '<pad>') };
}

/** Special tokens are written as a text, or as an object with a content. */
function parseSpecialToken(value: unknown, fallback: string): SpecialToken {
  if (typeof value === 'object' && value !== null && 'content' in value && typeof value.content === 'string') {
    const { content, lstrip, rstrip } = value as JsonObject & { content: string };
    return { content, stripsLeft: lstrip === true, stripsRight: rstrip === true };
  }
  return { content: typeof value === 'string' ? value : fallback, stripsLeft: false, stripsRight: false };
}

function collectAddedTokens(
  config: JsonObject,
  configPath: string,
  specialTokens: readonly SpecialToken[],
  vocabulary: Vocabulary,
): AddedToken[] {
  const where = `${configPath}: added_tokens_decoder`;
  const entries = Object.entries(requireJsonObject(config.added_tokens_decoder ?? {}, where));
  const specialNames = specialTokens.map(({ content }) => content);
  const tokens = entries.map(([id, value]) => parseAddedToken(id, value, specialNames, where));
  for (const token of specialTokens) {
    if (tokens.some(({ content }) => content === token.content)) continue;
    tokens.push({ ...token, id: vocabulary.get(token.content) ?? 0, isSpecial: true });
  }
  const longest = tokens.reduce((length, { content }) => Math.max(length, content.length), 0);
  if (longest > MOST_OF_A_TOKEN) {
    throw new ModelError(
      `${configPath} tells of a token of ${longest} characters; at most ${MOST_OF_A_TOKEN} are matched in text.`,
      { hint: 'Use the tokenizer_config.json published with the model.' },
    );
  }
  return tokens;
}

function parseAddedToken(id: string, value: unknown, specialNames: readonly string[], where: string): AddedToken {
  const { content, lstrip, rstrip, special, single_word } = requireJsonObject(value, `${where}, entry ${id}`);
  if (!/^\d+$/.test(id) || Number(id) > MAX_ID || typeof content !== 'string') {
    const found = jsonExcerpt({ [id]: value }, 200);
    throw new ModelError(`${where} has the entry ${found}; expected a whole number and an object with a content.`, {
      hint: 'Use the tokenizer_config.json published with the model.',
    });
  }
  if (single_word === true) {
    throw new ModelError(`${where}: ${jsonExcerpt(content)} has single_word set, which bleubird cannot match.`, {
      hint: 'Set single_word to false for this token if it may also occur inside words.',
    });
  }
  return {
    id: Number(id),
    content,
    isSpecial: special === true || specialNames.includes(content),
    stripsLeft: lstrip === true,
    stripsRight: rstrip === true,
  };
}

async function readVocabulary(filePath: string): Promise<Vocabulary> {
  const vocabulary = new Map<string, number>();
  for (const [piece, id] of Object.entries(await readModelJson(filePath))) {
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0 || id > MAX_ID) {
      throw new ModelError(
        `${filePath}: the piece ${jsonExcerpt(piece)} has the id ${jsonExcerpt(id)}, expected a whole number from 0 to ${MAX_ID}.`,
        { hint: 'Use the vocab.json published with the model.' },
      );
    }
    vocabulary.set(piece, id);
  }
  return vocabulary;
}

async function readNamedBytes(filePath: string): Promise<NamedBytes> {
  return { path: filePath, bytes: await readModelFile(filePath) };
}
