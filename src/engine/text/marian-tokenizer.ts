/**
 * Text to the ids a Marian model knows, and back, as `MarianTokenizer` of transformers 4 does it: language codes and
 * special tokens are cut out by their spelling, SentencePiece splits the rest, vocab.json gives the ids.
 */
import { AddedTokens } from './added-tokens.ts';
import { cleanUpSpaces } from './clean-up-spaces.ts';
import { splitLanguageCode } from './language-code.ts';
import { stripBoth } from './python-strip.ts';
import { SentencePiece } from './sentencepiece.ts';
import { readTokenizerFiles, type TokenizerFiles, type Vocabulary } from './tokenizer-files.ts';

export interface Encoding {
  /** Ends in the end-of-sentence id. */
  readonly ids: number[];
  /** Whether pieces were dropped to keep to `maxLength`. */
  readonly isTruncated: boolean;
}

export interface EncodeOptions {
  /** Most ids to give, the end-of-sentence id among them; at least 1. */
  readonly maxLength?: number;
}

export interface DecodeOptions {
  /** Leaves out `</s>`, `<unk>`, `<pad>` and added special tokens; true by default. */
  readonly skipSpecialTokens?: boolean;
  /**
   * Reads the ids as source text; false by default, for they mostly come from the decoder. Where a model has two
   * vocabularies this takes the source's, unlike transformers 4, which mixes them up there.
   */
  readonly useSourceTokenizer?: boolean;
  /** Overrides the model's own setting. */
  readonly cleanUpTokenizationSpaces?: boolean;
}

/** One language of the model: its pieces, and their ids in the embedding. */
interface Side {
  readonly sentencePiece: SentencePiece;
  /** Piece spellings by id. */
  readonly spellings: ReadonlyMap<number, string>;
  /** Model id by SentencePiece id. */
  readonly ids: Int32Array;
  /** The model id of a spelling, that of `<unk>` when there is none. */
  idOf(piece: string): number;
}

export class MarianTokenizer {
  readonly padTokenId: number;
  readonly eosTokenId: number;
  readonly unkTokenId: number;
  /** Pieces of the source vocabulary; those of the target too, unless the model has separate ones. */
  readonly vocabSize: number;
  /** What tokenizer_config.json says; false when it says nothing. */
  readonly cleanUpTokenizationSpaces: boolean;
  readonly #source: Side;
  readonly #target: Side;
  readonly #unknownToken: string;
  readonly #addedTokens: AddedTokens;

  /** @throws {ModelError} when a file of the tokenizer is missing or cannot be used */
  static async load(directory: string): Promise<MarianTokenizer> {
    return new MarianTokenizer(await readTokenizerFiles(directory));
  }

  constructor(files: TokenizerFiles) {
    const { sourceModel, targetModel, sourceVocabulary, targetVocabulary, unknownToken } = files;
    const sourcePieces = new SentencePiece(sourceModel.bytes, sourceModel.path);
    const targetPieces = sourceModel.bytes.equals(targetModel.bytes)
      ? sourcePieces
      : new SentencePiece(targetModel.bytes, targetModel.path);
    this.#addedTokens = new AddedTokens(files.addedTokens);
    this.#source = createSide(sourcePieces, sourceVocabulary, unknownToken, this.#addedTokens);
    this.#target =
      targetPieces === sourcePieces && targetVocabulary === sourceVocabulary
        ? this.#source
        : createSide(targetPieces, targetVocabulary, unknownToken, this.#addedTokens);
    this.#unknownToken = unknownToken;
    this.vocabSize = sourceVocabulary.size;
    this.unkTokenId = this.#source.idOf(unknownToken);
    this.eosTokenId = this.#source.idOf(files.endToken);
    this.padTokenId = this.#source.idOf(files.padToken);
    this.cleanUpTokenizationSpaces = files.cleanUpTokenizationSpaces;
  }

  encodeSource(text: string, options: EncodeOptions = {}): Encoding {
    return this.#encode(this.#source, text, options);
  }

  encodeTarget(text: string, options: EncodeOptions = {}): Encoding {
    return this.#encode(this.#target, text, options);
  }

  /** Gives the text of ids; those out of range count as `<unk>`. */
  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    const { skipSpecialTokens = true, useSourceTokenizer = false } = options;
    const side = useSourceTokenizer ? this.#source : this.#target;
    const parts: string[] = [];
    let pieces: string[] = [];
    for (const id of ids) {
      const piece = this.#pieceOf(side, id);
      const token = this.#addedTokens.byContent(piece);
      if (token?.isSpecial && skipSpecialTokens) continue;
      // Tokens a user added stand apart from the text around them.
      if (token !== undefined && (!token.isSpecial || token.id >= this.vocabSize)) {
        const text = this.#joinPieces(side, pieces);
        if (text !== '') parts.push(text);
        parts.push(piece);
        pieces = [];
      } else {
        pieces.push(piece);
      }
    }
    if (pieces.length > 0) parts.push(this.#joinPieces(side, pieces)); // even when empty, as transformers does
    const text = parts.join(' ');
    const cleansUp = options.cleanUpTokenizationSpaces ?? this.cleanUpTokenizationSpaces;
    return cleansUp ? cleanUpSpaces(text) : text;
  }

  /** Gives the spelling of each id, as the model's target side has it. */
  pieces(ids: Iterable<number>, { useSourceTokenizer = false } = {}): string[] {
    const side = useSourceTokenizer ? this.#source : this.#target;
    return Array.from(ids, (id) => this.#pieceOf(side, id));
  }

  #encode(side: Side, text: string, { maxLength = Number.POSITIVE_INFINITY }: EncodeOptions): Encoding {
    if (!(maxLength >= 1)) throw new RangeError(`maxLength must leave room for the end of sentence, got ${maxLength}`);
    const ids: number[] = [];
    for (const part of this.#addedTokens.split(text)) {
      if (typeof part === 'string') encodeText(side, part, ids);
      else ids.push(part.id);
    }
    const isTruncated = ids.length > maxLength - 1;
    if (isTruncated) ids.length = maxLength - 1;
    ids.push(this.eosTokenId);
    return { ids, isTruncated };
  }

  #pieceOf(side: Side, id: number): string {
    return this.#addedTokens.byId(id)?.content ?? side.spellings.get(id) ?? this.#unknownToken;
  }

  /** Special tokens keep their spelling, with a space after each. */
  #joinPieces({ sentencePiece }: Side, pieces: readonly string[]): string {
    let text = '';
    let run: string[] = [];
    for (const piece of pieces) {
      if (this.#addedTokens.byContent(piece)?.isSpecial) {
        text += `${sentencePiece.decodePieces(run)}${piece} `;
        run = [];
      } else {
        run.push(piece);
      }
    }
    text += sentencePiece.decodePieces(run);
    return stripBoth(text.replaceAll('\u2581', ' '));
  }
}

function createSide(
  sentencePiece: SentencePiece,
  vocabulary: Vocabulary,
  unknownToken: string,
  addedTokens: AddedTokens,
): Side {
  const unknownId = vocabulary.get(unknownToken) ?? 0;
  const idOf = (piece: string): number => addedTokens.byContent(piece)?.id ?? vocabulary.get(piece) ?? unknownId;
  return {
    sentencePiece,
    spellings: new Map(Array.from(vocabulary, ([piece, id]) => [id, piece] as const)),
    ids: Int32Array.from({ length: sentencePiece.size }, (_, id) => idOf(sentencePiece.pieceText(id))),
    idOf,
  };
}

/** Appends the ids of a text without added tokens. */
function encodeText(side: Side, text: string, ids: number[]): void {
  const { code, text: rest } = splitLanguageCode(text);
  if (code !== null) ids.push(side.idOf(code));
  for (const piece of side.sentencePiece.encode(rest)) {
    // A stretch unknown to this side's SentencePiece may still be a piece of the other side, in the shared vocabulary.
    ids.push(typeof piece === 'string' ? side.idOf(piece) : (side.ids[piece] ?? 0));
  }
}
