/**
 * A SentencePiece unigram model: text to pieces and back, with the same result as Google's library.
 * Ids here are the model's own; Marian's ids come from vocab.json (see marian-tokenizer.ts).
 */
import { ByteTrie } from './byte-trie.ts';
import { Normalizer } from './normalizer.ts';
import {
  byteOfPiece,
  isVocabularyType,
  PIECE_TYPES,
  parseSentencePieceModel,
  pieceOfByte,
  type SentencePieceModel,
} from './sentencepiece-model.ts';
import { UnigramSegmenter } from './unigram-segmenter.ts';

const SPACE_SYMBOL = '\u2581';

export class SentencePiece {
  readonly #model: SentencePieceModel;
  readonly #ids = new Map<string, number>();
  /** Ids of the 256 byte pieces, by byte; empty without byte fallback. */
  readonly #byteIds: readonly number[];
  readonly #normalizer: Normalizer;
  readonly #denormalizer: Normalizer | null;
  readonly #segmenter: UnigramSegmenter;

  /**
   * @param path names the file in errors
   * @throws {ModelError} when the bytes are no unigram model
   */
  constructor(bytes: Uint8Array, path: string) {
    const model = parseSentencePieceModel(bytes, path);
    this.#model = model;
    const userDefined: [Uint8Array, number][] = [];
    for (const [id, piece] of model.pieces.entries()) {
      // A reserved piece (unknown, control, byte) goes before a normal one of the same spelling.
      if (!this.#ids.has(piece.text) || !isVocabularyType(piece.type)) this.#ids.set(piece.text, id);
      if (piece.type === PIECE_TYPES.userDefined) userDefined.push([piece.bytes, id]);
    }
    this.#byteIds = model.hasByteFallback
      ? Array.from({ length: 256 }, (_, byte) => this.#ids.get(pieceOfByte(byte)) ?? model.unknownId)
      : [];
    this.#normalizer = new Normalizer(model.normalizer, {
      path,
      protectedPieces: userDefined.length > 0 ? new ByteTrie(userDefined) : null,
      treatWhitespaceAsSuffix: model.treatWhitespaceAsSuffix,
    });
    this.#denormalizer = model.denormalizer === null ? null : new Normalizer(model.denormalizer, { path });
    this.#segmenter = new UnigramSegmenter(model);
  }

  /** Number of pieces. */
  get size(): number {
    return this.#model.pieces.length;
  }

  /** The spelling of piece `id`. @throws {RangeError} when there is no such piece */
  pieceText(id: number): string {
    const piece = this.#model.pieces[id];
    if (piece === undefined) throw new RangeError(`No piece ${id}: ids go from 0 to ${this.size - 1}.`);
    return piece.text;
  }

  /** Splits a text: each known piece as its id, each stretch of unknown characters as its (normalised) text. */
  encode(text: string): (number | string)[] {
    const normalized = this.#normalizer.normalize(text);
    const { unknownId, hasByteFallback } = this.#model;
    const result: (number | string)[] = [];
    let unknownStart = -1;
    const endUnknown = (end: number): void => {
      if (unknownStart < 0) return;
      result.push(decodeUtf8(normalized, unknownStart, end));
      unknownStart = -1;
    };
    this.#segmenter.segment(normalized, (id, start, end) => {
      if (id !== unknownId) {
        endUnknown(start);
        result.push(id);
      } else if (hasByteFallback) {
        for (let i = start; i < end; i++) result.push(this.#byteIds[normalized[i] ?? 0] ?? unknownId);
      } else if (unknownStart < 0) {
        unknownStart = start;
      }
    });
    endUnknown(normalized.length);
    return result;
  }

  /** Splits a text into the spellings of its pieces. */
  encodePieces(text: string): string[] {
    return this.encode(text).map((piece) => (typeof piece === 'string' ? piece : this.pieceText(piece)));
  }

  /** Joins pieces to text: unknown ones verbatim, control ones as nothing, byte pieces as their characters. */
  decodePieces(pieces: readonly string[]): string {
    const { unknownId, unknownSurface, normalizer } = this.#model;
    const dropsFirstSpace = normalizer.addDummyPrefix || normalizer.removeExtraWhitespaces;
    let text = '';
    let bytes: number[] = [];
    let isFirst = true;
    let wasSpaceDropped = false;
    for (const piece of pieces) {
      const id = this.#ids.get(piece) ?? unknownId;
      const type = this.#model.pieces[id]?.type;
      if (type === PIECE_TYPES.byte) {
        bytes.push(byteOfPiece(piece) ?? 0);
        continue;
      }
      text += decodeBytes(bytes);
      bytes = [];
      if (wasSpaceDropped || text !== '') isFirst = false;
      wasSpaceDropped = false;
      if (type === PIECE_TYPES.control) continue;
      if (type === PIECE_TYPES.unknown) {
        text += piece === this.#model.pieces[id]?.text ? unknownSurface : piece;
        continue;
      }
      const isSpaceDropped = isFirst && dropsFirstSpace && piece.startsWith(SPACE_SYMBOL);
      // With removal of extra white space every leading space goes, else only the added one.
      wasSpaceDropped = isSpaceDropped && !normalizer.removeExtraWhitespaces;
      text += (isSpaceDropped ? piece.slice(1) : piece).replaceAll(SPACE_SYMBOL, ' ');
    }
    text += decodeBytes(bytes);
    if (this.#denormalizer === null) return text;
    const denormalized = this.#denormalizer.normalize(text);
    return decodeUtf8(denormalized, 0, denormalized.length);
  }
}

/** Reads bytes as UTF-8, each byte that belongs to no character as U+FFFD. */
function decodeBytes(bytes: readonly number[]): string {
  if (bytes.length === 0) return '';
  let text = '';
  let start = 0;
  while (start < bytes.length) {
    const length = wellFormedLength(bytes, start);
    text += length === 0 ? '\ufffd' : Buffer.from(bytes.slice(start, start + length)).toString('utf8');
    start += Math.max(1, length);
  }
  return text;
}

/** Bytes of the well-formed UTF-8 character at `start`, or 0. */
function wellFormedLength(bytes: readonly number[], start: number): number {
  for (const length of [1, 2, 3, 4]) {
    const character = Buffer.from(bytes.slice(start, start + length));
    if (character.length === length && isWellFormedCharacter(character)) return length;
  }
  return 0;
}

function isWellFormedCharacter(bytes: Buffer): boolean {
  const text = bytes.toString('utf8');
  return [...text].length === 1 && Buffer.from(text).equals(bytes);
}

function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', start, end);
}
