import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SentencePiece } from '../../../src/engine/text/sentencepiece.ts';
import { PIECE_TYPES, parseSentencePieceModel } from '../../../src/engine/text/sentencepiece-model.ts';
import { ModelError } from '../../../src/errors.ts';

const plain = readFileSync(new URL('../../fixtures/text/models/plain.spm', import.meta.url));

/** One field of a protobuf message: its key byte, and for bytes their length. */
function field(number: number, content: Buffer | number): Buffer {
  if (typeof content === 'number') return Buffer.from([number * 8, content]);
  return Buffer.concat([Buffer.from([number * 8 + 2, content.length]), content]);
}

function piece(text: string, type: number): Buffer {
  const score = Buffer.alloc(5, 21);
  score.writeFloatLE(-1.5, 1);
  return field(1, Buffer.concat([field(1, Buffer.from(text)), score, field(3, type)]));
}

/** trainer_spec with keys above 15, which take two bytes. */
function trainer(model: { type?: number; byteFallback?: boolean }): Buffer {
  const type = model.type === undefined ? [] : [3 * 8, model.type];
  const byteFallback = model.byteFallback ? [0x98, 0x02, 1] : []; // field 35
  return field(2, Buffer.from([...type, ...byteFallback]));
}

const unknown = piece('<unk>', PIECE_TYPES.unknown);
const word = piece('▁a', PIECE_TYPES.normal);

function errorOf(bytes: Buffer): ModelError {
  try {
    new SentencePiece(bytes, 'model/source.spm');
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('parseSentencePieceModel', () => {
  it('gives pieces with score and type, skips what it does not know, and fills in the format’s defaults', () => {
    const unread = Buffer.from([9 * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8, 9 * 8 + 5, 1, 2, 3, 4, 9 * 8, 0xff, 0x01]);
    const model = parseSentencePieceModel(Buffer.concat([unknown, unread, word]), 'x.spm');
    expect(model.pieces.map(({ text, score, type }) => [text, score, type])).toEqual([
      ['<unk>', -1.5, PIECE_TYPES.unknown],
      ['▁a', -1.5, PIECE_TYPES.normal],
    ]);
    expect(model).toMatchObject({
      unknownId: 0,
      unknownSurface: ' ⁇ ',
      hasByteFallback: false,
      treatWhitespaceAsSuffix: false,
      normalizer: { addDummyPrefix: true, removeExtraWhitespaces: true, escapeWhitespaces: true },
      denormalizer: null,
    });
  });

  it.each([
    [2, 'BPE'],
    [3, 'word'],
    [4, 'character'],
    [9, 'type 9'],
  ])('refuses model type %d and calls it %s', (type, name) => {
    const { message, hint, exitCode } = errorOf(Buffer.concat([unknown, word, trainer({ type })]));
    expect(message).toBe(`model/source.spm is a ${name} SentencePiece model; bleubird reads unigram models.`);
    expect(hint).toContain('unigram source.spm and target.spm');
    expect(exitCode).toBe(4);
  });

  it.each([
    ['an empty file', Buffer.alloc(0), 'it holds no pieces'],
    ['no unknown piece', word, 'it has no unknown piece (<unk>)'],
    ['two unknown pieces', Buffer.concat([unknown, piece('<u>', 2)]), 'it has two unknown pieces, 0 and 1'],
    ['a piece twice', Buffer.concat([unknown, word, word]), 'piece 2, "▁a", is there twice'],
    ['an empty piece', Buffer.concat([unknown, piece('', 1)]), 'piece 1 is empty'],
    [
      'an odd byte piece',
      Buffer.concat([unknown, piece('<0xG0>', 6)]),
      'byte piece 1, "<0xG0>", is not of the form <0xE2>',
    ],
    [
      'byte pieces alone',
      Buffer.concat([unknown, piece('<0x00>', 6)]),
      'it has byte piece "<0x00>" but no byte fallback',
    ],
    [
      'few byte pieces',
      Buffer.concat([unknown, piece('<0x00>', 6), trainer({ byteFallback: true })]),
      'byte fallback needs 256 byte pieces, found 1',
    ],
  ])('refuses %s', (_, bytes, what) => {
    expect(errorOf(bytes).message).toBe(`model/source.spm is not a usable SentencePiece model: ${what}.`);
  });

  it.each([
    ['cut inside a piece', plain.subarray(0, 11), 'field 1 at offset 2 needs 14 bytes, of which 9 are there'],
    ['cut inside a number', Buffer.from([9 * 8, 0xff]), 'the number at offset 1 is cut off'],
    ['with a number without end', Buffer.alloc(12, 0xff), 'the number at offset 0 does not end'],
    ['of text', Buffer.from('{"model": 1}'), 'the bytes at offset 0 are no field of a protobuf message'],
    [
      'with a number for a piece',
      Buffer.from([8, 1]),
      'field 1 before offset 1 is an integer, expected a length and bytes',
    ],
  ])('names the file and the offset in a file %s', (_, bytes, what) => {
    const { message, hint } = errorOf(bytes);
    expect(message).toBe(
      `model/source.spm cannot be read as a SentencePiece model: ${what} (the file has ${bytes.length} bytes).`,
    );
    expect(hint).toContain('fetch it again');
  });

  it('meets a file cut off anywhere with a ModelError, or reads it where the cut falls between two fields', () => {
    let refused = 0;
    for (let length = 0; length < plain.length; length += 5) {
      try {
        new SentencePiece(plain.subarray(0, length), 'cut.spm');
      } catch (error) {
        expect(error).toBeInstanceOf(ModelError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan((plain.length / 5) * 0.8);
  });

  it('refuses damaged normalisation rules', () => {
    const { precompiledCharsmap } = parseSentencePieceModel(plain, 'x').normalizer;
    const start = precompiledCharsmap.byteOffset - plain.byteOffset;
    const size = precompiledCharsmap.length;
    const message = (tableSize: number): string =>
      `model/source.spm has damaged normalisation rules: ${size} bytes that should hold a table of ${tableSize} bytes and its replacements.`;
    const hugeTable = Buffer.from(plain);
    hugeTable.writeUInt32LE(1_000_000, start);
    expect(errorOf(hugeTable).message).toBe(message(1_000_000));
    const wildOffset = Buffer.from(plain);
    wildOffset.writeUInt32LE(0x7ffffc00, start + 4);
    expect(errorOf(wildOffset).message).toBe(message(plain.readUInt32LE(start)));
  });
});
