/**
 * What a `.spm` file holds (message ModelProto of sentencepiece_model.proto), checked as sentencepiece checks it on load.
 * Parsing only: see normalizer.ts and unigram-segmenter.ts for what is done with it.
 */
import { ModelError } from '../../errors.ts';
import { ProtobufReader } from './protobuf-reader.ts';

export const PIECE_TYPES = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

export interface Piece {
  readonly text: string;
  readonly bytes: Uint8Array;
  /** Log-probability, float32. */
  readonly score: number;
  /** One of PIECE_TYPES. */
  readonly type: number;
}

export interface NormalizerSpec {
  /** Empty when the model does not normalise. */
  readonly precompiledCharsmap: Uint8Array;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly escapeWhitespaces: boolean;
}

export interface SentencePieceModel {
  readonly path: string;
  /** By id. */
  readonly pieces: readonly Piece[];
  readonly unknownId: number;
  readonly unknownSurface: string;
  readonly hasByteFallback: boolean;
  readonly treatWhitespaceAsSuffix: boolean;
  readonly normalizer: NormalizerSpec;
  /** null when decoded text is left as it is. */
  readonly denormalizer: NormalizerSpec | null;
}

const MODEL_TYPE_NAMES: Readonly<Record<number, string>> = { 1: 'unigram', 2: 'BPE', 3: 'word', 4: 'character' };
const UNIGRAM = 1;
/** sentencepiece trains pieces of at most 512 characters. At each character of a text a piece may match to its last byte. */
const MAX_PIECE_BYTES = 4096;

/**
 * Gives the content of a unigram SentencePiece model.
 *
 * @param path names the file in errors
 * @throws {ModelError} when the file is cut off, is no such message, or holds another kind of model
 */
export function parseSentencePieceModel(bytes: Uint8Array, path: string): SentencePieceModel {
  const reader = new ProtobufReader(bytes, path);
  const pieces: Piece[] = [];
  let trainer: TrainerSpec = DEFAULT_TRAINER;
  let normalizer: NormalizerSpec = DEFAULT_NORMALIZER;
  let denormalizer: NormalizerSpec | null = null;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) pieces.push(parsePiece(reader.message()));
    else if (field === 2) trainer = parseTrainerSpec(reader.message());
    else if (field === 3) normalizer = parseNormalizerSpec(reader.message());
    else if (field === 5) denormalizer = parseNormalizerSpec(reader.message());
    else reader.skip();
  }
  if (trainer.modelType !== UNIGRAM) {
    const name = MODEL_TYPE_NAMES[trainer.modelType] ?? `type ${trainer.modelType}`;
    throw new ModelError(`${path} is a ${name} SentencePiece model; bleubird reads unigram models.`, {
      hint: 'Marian models come with unigram source.spm and target.spm; use the files published with the model.',
    });
  }
  return {
    path,
    pieces,
    unknownId: requireSoundPieces(pieces, trainer, path),
    unknownSurface: trainer.unknownSurface,
    hasByteFallback: trainer.hasByteFallback,
    treatWhitespaceAsSuffix: trainer.treatWhitespaceAsSuffix,
    normalizer,
    denormalizer: denormalizer !== null && denormalizer.precompiledCharsmap.length > 0 ? denormalizer : null,
  };
}

function parsePiece(reader: ProtobufReader): Piece {
  let bytes: Uint8Array = new Uint8Array(0);
  let score = 0;
  let type: number = PIECE_TYPES.normal;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) bytes = reader.bytes();
    else if (field === 2) score = reader.float();
    else if (field === 3) type = reader.integer();
    else reader.skip();
  }
  return { text: decodeUtf8(bytes), bytes, score, type };
}

interface TrainerSpec {
  readonly modelType: number;
  readonly treatWhitespaceAsSuffix: boolean;
  readonly hasByteFallback: boolean;
  readonly unknownSurface: string;
}

const DEFAULT_TRAINER: TrainerSpec = {
  modelType: UNIGRAM,
  treatWhitespaceAsSuffix: false,
  hasByteFallback: false,
  unknownSurface: ' \u2047 ',
};

function parseTrainerSpec(reader: ProtobufReader): TrainerSpec {
  let { modelType, treatWhitespaceAsSuffix, hasByteFallback, unknownSurface } = DEFAULT_TRAINER;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 3) modelType = reader.integer();
    else if (field === 24) treatWhitespaceAsSuffix = reader.boolean();
    else if (field === 35) hasByteFallback = reader.boolean();
    else if (field === 44) unknownSurface = decodeUtf8(reader.bytes());
    else reader.skip();
  }
  return { modelType, treatWhitespaceAsSuffix, hasByteFallback, unknownSurface };
}

const DEFAULT_NORMALIZER: NormalizerSpec = {
  precompiledCharsmap: new Uint8Array(0),
  addDummyPrefix: true,
  removeExtraWhitespaces: true,
  escapeWhitespaces: true,
};

function parseNormalizerSpec(reader: ProtobufReader): NormalizerSpec {
  let { precompiledCharsmap, addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces } = DEFAULT_NORMALIZER;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 2) precompiledCharsmap = reader.bytes();
    else if (field === 3) addDummyPrefix = reader.boolean();
    else if (field === 4) removeExtraWhitespaces = reader.boolean();
    else if (field === 5) escapeWhitespaces = reader.boolean();
    else reader.skip();
  }
  return { precompiledCharsmap, addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces };
}

/** Gives the id of the unknown piece. */
function requireSoundPieces(pieces: readonly Piece[], trainer: TrainerSpec, path: string): number {
  const fail = (what: string): ModelError =>
    new ModelError(`${path} is not a usable SentencePiece model: ${what}.`, {
      hint: 'Fetch the file again from where the model came from.',
    });
  if (pieces.length === 0) throw fail('it holds no pieces');
  // As sentencepiece, which keeps two tables: a control piece may be spelled like a normal one.
  const seen = { vocabulary: new Set<string>(), reserved: new Set<string>() };
  const bytesFound = new Set<number>();
  let unknownId = -1;
  for (const [id, { text, bytes, type }] of pieces.entries()) {
    if (text === '') throw fail(`piece ${id} is empty`);
    if (bytes.length > MAX_PIECE_BYTES) {
      throw fail(`piece ${id} has ${bytes.length} bytes, at most ${MAX_PIECE_BYTES} are read`);
    }
    const names = isVocabularyType(type) ? seen.vocabulary : seen.reserved;
    if (names.has(text)) throw fail(`piece ${id}, ${JSON.stringify(text)}, is there twice`);
    names.add(text);
    if (type === PIECE_TYPES.unknown) {
      if (unknownId !== -1) throw fail(`it has two unknown pieces, ${unknownId} and ${id}`);
      unknownId = id;
    }
    if (type === PIECE_TYPES.byte) {
      const byte = byteOfPiece(text);
      if (byte === null) throw fail(`byte piece ${id}, ${JSON.stringify(text)}, is not of the form <0xE2>`);
      if (!trainer.hasByteFallback) throw fail(`it has byte piece ${JSON.stringify(text)} but no byte fallback`);
      bytesFound.add(byte);
    }
  }
  if (unknownId === -1) throw fail('it has no unknown piece (<unk>)');
  if (trainer.hasByteFallback && bytesFound.size < 256) {
    throw fail(`byte fallback needs 256 byte pieces, found ${bytesFound.size}`);
  }
  return unknownId;
}

/** Whether pieces of this type are matched in text. */
export function isVocabularyType(type: number): boolean {
  return type === PIECE_TYPES.normal || type === PIECE_TYPES.userDefined || type === PIECE_TYPES.unused;
}

/** The byte a piece such as `<0xE2>` stands for, or null. */
export function byteOfPiece(text: string): number | null {
  const match = /^<0x([0-9A-F]{2})>$/.exec(text);
  return match?.[1] === undefined ? null : Number.parseInt(match[1], 16);
}

/** The piece that stands for a byte, such as `<0xE2>`. */
export function pieceOfByte(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

function decodeUtf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
