import {
  allTokenizerNames,
  BLEU,
  CHRF,
  type Metric,
  type Score,
  type SentencePieceModel,
  TER,
  type TokenizerName,
} from 'sacrebleu-ts';
import type { Output } from '../output.ts';
import type { GivenFlags } from './score-arguments.ts';
import { ScoreError } from './score-error.ts';

/** The metrics of these names with the flags' options. @throws {ScoreError} at an option that cannot be */
export function createMetrics(
  names: readonly string[],
  { switches, texts, numbers }: GivenFlags,
  { output, sentencePiece }: { readonly output: Output; readonly sentencePiece: SentencePieceModel | undefined },
): Metric<Score>[] {
  const [, trgLang = ''] = (texts.get('langpair') ?? '').split('-');
  try {
    return names.map((name) => {
      if (name === 'chrf') {
        return new CHRF({
          charOrder: numbers.get('chrfCharOrder') ?? 6,
          wordOrder: numbers.get('chrfWordOrder') ?? 0,
          beta: numbers.get('chrfBeta') ?? 2,
          whitespace: switches.has('chrfWhitespace'),
          lowercase: switches.has('chrfLowercase'),
          epsSmoothing: switches.has('chrfEpsSmoothing'),
        });
      }
      if (name === 'ter') {
        return new TER({
          caseSensitive: switches.has('terCaseSensitive'),
          asianSupport: switches.has('terAsianSupport'),
          noPunct: switches.has('terNoPunct'),
          normalized: switches.has('terNormalized'),
        });
      }
      return new BLEU({
        lowercase: switches.has('lowercase'),
        tokenize: tokenizerOf(texts.get('tokenize')),
        sentencePiece,
        smoothMethod: smoothMethodOf(texts.get('smoothMethod')),
        smoothValue: numbers.get('smoothValue') ?? null,
        effectiveOrder: switches.has('sentenceLevel'),
        trgLang,
        force: switches.has('force'),
        onWarning: (message) => {
          if (!switches.has('quiet')) output.warn(message);
        },
      });
    });
  } catch (cause) {
    // The package's own words for an option or a tokenizer it cannot take.
    if (!(cause instanceof RangeError || cause instanceof TypeError)) throw cause;
    const isWithoutModel = sentencePiece === undefined && cause.message.includes('SentencePiece');
    const hint = isWithoutModel ? 'bleubird takes the model from a file: --spm-model FILE' : undefined;
    throw new ScoreError(cause.message, 1, { cause, hint });
  }
}

function tokenizerOf(name: string | undefined): TokenizerName | undefined {
  if (name === undefined) return undefined;
  const known = allTokenizerNames.find((tokenizer) => tokenizer === name);
  if (known === undefined) {
    const expected = allTokenizerNames.map((tokenizer) => `'${tokenizer}'`).join(', ');
    throw new ScoreError(`argument --tokenize/-tok: invalid choice: '${name}' (choose from ${expected})`, 2);
  }
  return known;
}

function smoothMethodOf(name: string | undefined): 'none' | 'floor' | 'add-k' | 'exp' {
  return name === 'none' || name === 'floor' || name === 'add-k' ? name : 'exp';
}
