/** Compared with sentencepiece 0.2.3 itself: tests/fixtures/text. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SentencePiece } from '../../../src/engine/text/sentencepiece.ts';

const MODELS = [
  'plain',
  'byte-fallback',
  'user-defined',
  'identity',
  'whitespace-suffix',
  'no-dummy-prefix',
  'kept-whitespace',
  'handmade-ties',
  'handmade-large',
];

interface Case {
  readonly text: string;
  readonly pieces: string[];
  readonly decoded: string;
  readonly mixture: string[];
  readonly mixtureDecoded: string;
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/text/models/${name}`, import.meta.url));
}

function load(name: string): SentencePiece {
  return new SentencePiece(readFileSync(fixture(`${name}.spm`)), name);
}

describe.each(MODELS)('a model of the kind %s', (name) => {
  const cases = JSON.parse(readFileSync(fixture(`${name}.json`), 'utf8')) as Case[];
  const model = load(name);

  it('splits each string into the same pieces as sentencepiece', () => {
    expect(cases.map(({ text }) => [text, model.encodePieces(text)])).toEqual(
      cases.map(({ text, pieces }) => [text, pieces]),
    );
  });

  it('joins pieces, known and unknown in any order, to the same text as sentencepiece', () => {
    expect(cases.map(({ pieces }) => model.decodePieces(pieces))).toEqual(cases.map(({ decoded }) => decoded));
    expect(cases.map(({ mixture }) => [mixture, model.decodePieces(mixture)])).toEqual(
      cases.map(({ mixture, mixtureDecoded }) => [mixture, mixtureDecoded]),
    );
  });
});

describe('encode', () => {
  const model = load('plain');

  it('gives known pieces as ids and each stretch of unknown characters as one text', () => {
    const pieces = model.encode('file 日本語 the');
    expect(pieces.filter((piece) => typeof piece === 'string')).toEqual(['日本語']);
    expect(model.encodePieces('file 日本語 the').join('')).toBe('▁file▁日本語▁the');
  });

  it('gives nothing for texts that are empty or only white space', () => {
    for (const text of ['', ' ', ' \u00a0\t\u3000 ']) expect(model.encode(text)).toEqual([]);
  });

  it('reads half a surrogate pair as a replacement character', () => {
    expect(model.encode('a\ud83d')).toEqual(model.encode('a\ufffd'));
  });

  it('does not let a longer text spoil a shorter one after it', () => {
    const before = model.encode('the file');
    model.encode('configuration '.repeat(2000));
    expect(model.encode('the file')).toEqual(before);
  });

  it('loses nothing where a text just fills its buffers', () => {
    for (let length = 1018; length < 1026; length++) {
      const pieces = load('plain').encode('e'.repeat(length));
      expect(pieces).toHaveLength(length);
      expect(pieces.filter((piece) => typeof piece === 'string')).toEqual([]);
    }
  });

  it('takes time in proportion to the length of the text', () => {
    // A million characters without white space; a quadratic search would take hours.
    const pieces = model.encodePieces('configuration日'.repeat(70_000));
    expect(pieces.join('')).toBe(`▁${'configuration日'.repeat(70_000)}`);
  });

  it('refuses to name a piece that is not there', () => {
    expect(() => model.pieceText(100_000)).toThrow(
      new RangeError(`No piece 100000: ids go from 0 to ${model.size - 1}.`),
    );
  });
});
