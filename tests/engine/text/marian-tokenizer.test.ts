/** Compared with MarianTokenizer of transformers 4.47.1: tests/fixtures/text. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MarianTokenizer } from '../../../src/engine/text/marian-tokenizer.ts';
import { ModelError } from '../../../src/errors.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/text', import.meta.url));
const demo = fileURLToPath(new URL('../../../experiments/models/demo-en-fr', import.meta.url));

interface Case {
  readonly text: string;
  readonly source: number[];
  readonly target: number[] | null;
  readonly truncated: number[];
  readonly decoded: string;
  readonly decodedWithSpecialTokens: string;
  readonly cleaned: string;
}

describe.each([
  ['one joint vocabulary', demo, 'demo-en-fr.json'],
  ['two vocabularies', path.join(fixtures, 'separate-vocabularies'), 'separate-vocabularies/expected.json'],
  ['added tokens', path.join(fixtures, 'added-tokens'), 'added-tokens/expected.json'],
])('a tokenizer with %s', async (_, directory, expectedFile) => {
  const cases = JSON.parse(readFileSync(path.join(fixtures, expectedFile), 'utf8')) as Case[];
  const tokenizer = await MarianTokenizer.load(directory);

  it('encodes each string as transformers does, as source, as target and cut to five ids', () => {
    const encodings = cases.map(({ text }) => ({
      text,
      source: tokenizer.encodeSource(text).ids,
      target: tokenizer.encodeTarget(text).ids,
      truncated: tokenizer.encodeSource(text, { maxLength: 5 }).ids,
    }));
    expect(encodings).toEqual(
      cases.map(({ text, source, target, truncated }) => ({ text, source, target: target ?? source, truncated })),
    );
  });

  it('decodes the ids as transformers does, with and without special tokens and with spaces cleaned up', () => {
    const decode = (options: Parameters<typeof tokenizer.decode>[1]): string[] =>
      cases.map(({ source, target }) => tokenizer.decode(target ?? source, options));
    expect(decode({ skipSpecialTokens: false })).toEqual(
      cases.map(({ decodedWithSpecialTokens }) => decodedWithSpecialTokens),
    );
    expect(decode({})).toEqual(cases.map(({ decoded }) => decoded));
    expect(decode({ cleanUpTokenizationSpaces: true })).toEqual(cases.map(({ cleaned }) => cleaned));
  });
});

describe('a MarianTokenizer', async () => {
  const tokenizer = await MarianTokenizer.load(demo);
  const separate = await MarianTokenizer.load(path.join(fixtures, 'separate-vocabularies'));

  it('knows its special ids, its size and its clean-up setting', () => {
    const { padTokenId, eosTokenId, unkTokenId, vocabSize, cleanUpTokenizationSpaces } = tokenizer;
    expect({ padTokenId, eosTokenId, unkTokenId, vocabSize, cleanUpTokenizationSpaces }).toEqual({
      padTokenId: 8000,
      eosTokenId: 0,
      unkTokenId: 1,
      vocabSize: 8001,
      cleanUpTokenizationSpaces: false,
    });
    expect(separate.cleanUpTokenizationSpaces).toBe(true);
  });

  it('says when it dropped pieces, and keeps the end of sentence', () => {
    const { ids, isTruncated } = tokenizer.encodeSource('Open the file');
    expect(isTruncated).toBe(false);
    expect(tokenizer.encodeSource('Open the file', { maxLength: ids.length })).toEqual({ ids, isTruncated: false });
    expect(tokenizer.encodeSource('Open the file', { maxLength: ids.length - 1 })).toEqual({
      ids: [...ids.slice(0, -2), 0],
      isTruncated: true,
    });
    expect(tokenizer.encodeTarget('Open the file', { maxLength: 1 })).toEqual({ ids: [0], isTruncated: true });
    expect(tokenizer.encodeTarget('', { maxLength: 1 })).toEqual({ ids: [0], isTruncated: false });
    for (const maxLength of [0, -1, Number.NaN]) {
      expect(() => tokenizer.encodeSource('x', { maxLength })).toThrow(
        new RangeError(`maxLength must leave room for the end of sentence, got ${maxLength}`),
      );
    }
  });

  it('names pieces, and reads ids outside the vocabulary as unknown', () => {
    const { ids } = tokenizer.encodeSource('the file');
    expect(tokenizer.pieces(ids)).toEqual(['▁the', '▁file', '</s>']);
    expect(tokenizer.pieces([8001, -1])).toEqual(['<unk>', '<unk>']);
    expect(tokenizer.decode([...ids, 8001])).toBe('the file');
    expect(tokenizer.decode(Int32Array.from([8000, ...ids, 8000]))).toBe('the file');
  });

  it('decodes batches of any ids as batch_decode does: padded, empty, with unknown ids and those at the ends', () => {
    const batches = JSON.parse(readFileSync(path.join(fixtures, 'batch-decode.json'), 'utf8')) as {
      readonly ids: number[][];
      readonly skipped: string[];
      readonly kept: string[];
    }[];
    for (const { ids, skipped, kept } of batches) {
      expect(ids.map((row) => tokenizer.decode(row))).toEqual(skipped);
      expect(ids.map((row) => tokenizer.decode(row, { skipSpecialTokens: false }))).toEqual(kept);
    }
  });

  it('reads ids by the source vocabulary when asked to', () => {
    const { ids } = separate.encodeSource('configuration file');
    expect(separate.decode(ids, { useSourceTokenizer: true })).toBe('configuration file');
    expect(separate.pieces(ids, { useSourceTokenizer: true }).join('')).toBe('▁configuration▁file</s>');
    expect(separate.decode(ids)).not.toBe('configuration file');
  });

  it('takes white space around special tokens as special_tokens_map.json of older models says', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'tokenizer-'));
    try {
      // This one's source side keeps spaces, so that they show.
      cpSync(path.join(fixtures, 'added-tokens'), directory, { recursive: true });
      writeFileSync(path.join(directory, 'tokenizer_config.json'), '{}');
      const plain = await MarianTokenizer.load(directory);
      const map = { eos_token: { content: '</s>', lstrip: true, rstrip: true }, unk_token: '<unk>' };
      writeFileSync(path.join(directory, 'special_tokens_map.json'), JSON.stringify(map));
      const stripping = await MarianTokenizer.load(directory);
      const tight = plain.encodeSource('the</s>file').ids;
      expect(plain.encodeSource('the </s> file').ids).not.toEqual(tight);
      expect(stripping.encodeSource('the </s> file').ids).toEqual(tight);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('loading a tokenizer', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'tokenizer-'));
    cpSync(path.join(fixtures, 'separate-vocabularies'), directory, { recursive: true });
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  async function loadError(): Promise<ModelError> {
    const error: unknown = await MarianTokenizer.load(directory).catch((reason: unknown) => reason);
    if (error instanceof ModelError) return error;
    throw new Error(`no ModelError but ${error}`);
  }

  function change(name: string, value: unknown): void {
    writeFileSync(path.join(directory, name), typeof value === 'string' ? value : JSON.stringify(value));
  }

  it.each(['vocab.json', 'target_vocab.json', 'source.spm', 'target.spm'])('names a missing %s', async (name) => {
    rmSync(path.join(directory, name));
    const { message, hint } = await loadError();
    expect(message).toMatch(new RegExp(`^The model directory ${directory} has no ${name}; it holds expected.json, `));
    expect(hint).toBe(`Copy ${name} there from where the model came from.`);
  });

  it('does without a tokenizer_config.json', async () => {
    cpSync(demo, directory, { recursive: true });
    rmSync(path.join(directory, 'tokenizer_config.json'));
    expect((await MarianTokenizer.load(directory)).encodeSource('the file').ids).toEqual([8, 80, 0]);
  });

  const fetchIt = 'Fetch the file again from where the model came from.';
  const published = 'Use the tokenizer_config.json published with the model.';
  it.each([
    ['vocab.json', '{"a": 1', /vocab\.json \(7 bytes\) is not valid JSON: /, fetchIt],
    ['vocab.json', ['a'], /vocab\.json holds \["a"\], expected a JSON object\.$/, fetchIt],
    [
      'vocab.json',
      { a: 1.5 },
      /vocab\.json: the piece "a" has the id 1\.5, expected a whole number from 0 to 2147483647\.$/,
      'Use the vocab.json published with the model.',
    ],
    [
      'vocab.json',
      { '<unk>': 1, '<pad>': 2 },
      /vocab\.json has no entry for the special token "<\/s>"\.$/,
      /^Use the vocab\.json published with the model, and check the names of special tokens in .*tokenizer_config\.json\.$/,
    ],
    [
      'tokenizer_config.json',
      { added_tokens_decoder: [] },
      /added_tokens_decoder holds \[\], expected a JSON object\.$/,
      fetchIt,
    ],
    [
      'tokenizer_config.json',
      { added_tokens_decoder: { 7: { content: 3 } } },
      /added_tokens_decoder has the entry \{"7":\{"content":3\}\}; expected a whole number and an object with a content\.$/,
      published,
    ],
    [
      'tokenizer_config.json',
      { added_tokens_decoder: { 7: { content: 'x', single_word: true } } },
      /"x" has single_word set, which bleubird cannot match\.$/,
      'Set single_word to false for this token if it may also occur inside words.',
    ],
  ])('refuses a %s of %j', async (name, value, message, hint) => {
    change(name, value);
    const error = await loadError();
    expect(error.message).toMatch(message);
    if (typeof hint === 'string') expect(error.hint).toBe(hint);
    else expect(error.hint).toMatch(hint);
  });

  it.each([20_000_000, 1_001])('refuses an added token of %i characters', async (length) => {
    change('tokenizer_config.json', { added_tokens_decoder: { 7: { content: 'a'.repeat(length) } } });
    const { message } = await loadError();
    expect(message).toMatch(
      /tokenizer_config\.json tells of a token of \d+ characters; at most 1000 are matched in text\.$/,
    );
  });

  it('says when there is no such directory', async () => {
    directory = path.join(directory, 'absent');
    const { message, hint, exitCode } = await loadError();
    expect([message, exitCode]).toEqual([`There is no model directory ${directory}.`, 4]);
    expect(hint).toContain('a directory with config.json');
    directory = path.dirname(directory);
  });
});
