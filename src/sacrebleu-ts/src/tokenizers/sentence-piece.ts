/**
 * The tokenizers made of a SentencePiece model. sacreBLEU downloads the models; this package reads no files, so the
 * encoder comes from outside.
 */

/** A SentencePiece model: a line's pieces, as `EncodeAsPieces` of the sentencepiece library. */
export type SentencePieceEncoder = ((line: string) => readonly string[]) | SentencePieceModel;

export interface SentencePieceModel {
  encode(line: string): readonly string[];
}

interface SentencePieceSource {
  /** The name in the signature. */
  readonly signature: string;
  readonly url: string;
}

const FLORES_101: SentencePieceSource = {
  signature: 'flores101',
  url: 'https://dl.fbaipublicfiles.com/fairseq/models/flores/sacrebleu_tokenizer_spm.model',
};

/** Where sacreBLEU 2.6.0 takes each model from. */
export const sentencePieceSources = {
  spm: FLORES_101,
  flores101: FLORES_101,
  flores200: { signature: 'flores200', url: 'https://tinyurl.com/flores200sacrebleuspm' },
  'spBLEU-1K': {
    signature: 'spBLEU-1K',
    url: 'https://www.dlnlp.ai/spBLEU-1K/spbleu-1k_tokenizer_spm.model',
  },
} as const satisfies Record<string, SentencePieceSource>;

export type SentencePieceName = keyof typeof sentencePieceSources;

/**
 * The tokenizer: the pieces divided by spaces.
 * @throws {RangeError} without an encoder, saying where its model is
 */
export function sentencePieceTokenizer(
  name: SentencePieceName,
  encoder: SentencePieceEncoder | undefined,
): (line: string) => string {
  if (encoder === undefined) {
    throw new RangeError(
      `Tokenizer '${name}' needs its SentencePiece model: load ${sentencePieceSources[name].url} and give it as the option sentencePiece, an object with encode(line) or such a function.`,
    );
  }
  if (typeof encoder === 'function') return (line) => encoder(line).join(' ');
  return (line) => encoder.encode(line).join(' ');
}
