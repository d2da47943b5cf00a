/** BLEU (Papineni et al., 2002) with sacreBLEU's options, names and numbers. */
import {
  type BLEUScore,
  type BleuFormula,
  bleuFromStatistics,
  type SmoothMethod,
  smoothDefaults,
} from './bleu-score.ts';
import { Metric, type StatisticsRow } from './metric.ts';
import { countNgrams, type Ngrams } from './ngrams.ts';
import { formatFixed } from './python/format-number.ts';
import { stripEnd } from './python/white-space.ts';
import type { SignatureField } from './signature.ts';
import { findTokenizer, type Tokenizer, type TokenizerName } from './tokenizers/tokenizers.ts';

export interface BleuOptions {
  /** Lower-case both sides first. */
  readonly lowercase?: boolean;
  /** `13a` by default. */
  readonly tokenize?: TokenizerName;
  /** `exp` by default. */
  readonly smoothMethod?: SmoothMethod;
  /** For `floor` (0.1 by default) and `add-k` (1). */
  readonly smoothValue?: number | null;
  /** 4 by default. */
  readonly maxNgramOrder?: number;
  /** Leave out orders a hypothesis is too short for: meant for single sentences. */
  readonly effectiveOrder?: boolean;
  /** Target language: chooses the tokenizer where `tokenize` does not. */
  readonly trgLang?: string;
  /** sacreBLEU's switch against its warning of tokenized input. Nothing is printed here, with or without it. */
  readonly force?: boolean;
}

const supportedOptions = [
  'lowercase',
  'tokenize',
  'smoothMethod',
  'smoothValue',
  'maxNgramOrder',
  'effectiveOrder',
  'trgLang',
  'force',
] as const satisfies readonly (keyof BleuOptions)[];

/** Languages whose tokenizer is another than 13a. */
const tokenizerOfLanguage: ReadonlyMap<string, string> = new Map([
  ['zh', 'zh'],
  ['ja', 'ja-mecab'],
  ['ko', 'ko-mecab'],
]);

export class BLEU extends Metric<BLEUScore> {
  private readonly isLowercase: boolean;
  private readonly tokenizerName: string;
  private readonly tokenize: Tokenizer;
  private readonly maxNgramOrder: number;
  private readonly formula: BleuFormula;

  /** @throws {RangeError} when an option's value is not supported, with those that are */
  constructor(options: BleuOptions = {}) {
    super();
    const { lowercase = false, trgLang = '', force = false, tokenize, ...others } = options;
    const { smoothMethod = 'exp', smoothValue = null, maxNgramOrder = 4, effectiveOrder = false, ...unknown } = others;
    requireNoOption(unknown);
    if (typeof force !== 'boolean') throw new TypeError('force should be true or false.');
    if (!Object.hasOwn(smoothDefaults, smoothMethod)) {
      const supported = Object.keys(smoothDefaults).join(', ');
      throw new RangeError(`Smoothing '${smoothMethod}' is not supported; supported are: ${supported}.`);
    }
    if (smoothValue !== null && !(smoothValue >= 0 && Number.isFinite(smoothValue))) {
      throw new RangeError(`smoothValue is ${smoothValue}; expected 0 or more, or null for the default.`);
    }
    if (!Number.isInteger(maxNgramOrder) || maxNgramOrder < 0) {
      throw new RangeError(`maxNgramOrder is ${maxNgramOrder}; expected a whole number, 0 or more.`);
    }
    this.isLowercase = lowercase;
    this.tokenizerName = tokenize ?? tokenizerOfLanguage.get(trgLang) ?? '13a';
    this.tokenize = findTokenizer(this.tokenizerName);
    this.maxNgramOrder = maxNgramOrder;
    this.formula = { smoothMethod, smoothValue, effectiveOrder };
  }

  /** `[words of the hypothesis, words of the closest reference, matches of each order, n-grams of each order]`. */
  segmentStatistics(hypothesis: string, references: readonly (string | null)[]): StatisticsRow {
    const ofHypothesis = this.ngramsOf(hypothesis);
    const ofReferences = references.filter((reference) => reference !== null).map((text) => this.ngramsOf(text));
    if (ofReferences.length === 0 && ofHypothesis.length > 0) {
      throw new TypeError('A segment has no reference: all are null.');
    }
    const counts = ofHypothesis.counts.map((ngrams, index) => countMatches(ngrams, ofReferences, index));
    const totals = ofHypothesis.counts.map((_, index) => Math.max(ofHypothesis.length - index, 0));
    const lengths = ofReferences.map((reference) => reference.length);
    return [ofHypothesis.length, closestLength(ofHypothesis.length, lengths), ...counts, ...totals];
  }

  scoreFromStatistics(sum: StatisticsRow): BLEUScore {
    const [sysLen = 0, refLen = 0] = sum;
    const counts = sum.slice(2, 2 + this.maxNgramOrder);
    const totals = sum.slice(2 + this.maxNgramOrder);
    return bleuFromStatistics({ counts, totals, sysLen, refLen }, this.formula);
  }

  protected signatureFields(): readonly SignatureField[] {
    const { smoothMethod, smoothValue, effectiveOrder } = this.formula;
    const byDefault = smoothDefaults[smoothMethod];
    const value = byDefault === null ? '' : `[${formatFixed(smoothValue ?? byDefault, 2)}]`;
    return [
      ['case', 'c', this.isLowercase ? 'lc' : 'mixed'],
      ['eff', 'e', effectiveOrder ? 'yes' : 'no'],
      ['tok', 'tok', this.tokenizerName],
      ['smooth', 's', `${smoothMethod}${value}`],
    ];
  }

  private ngramsOf(segment: string): Ngrams {
    const text = this.isLowercase ? segment.toLowerCase() : segment;
    return countNgrams(this.tokenize(stripEnd(text)), this.maxNgramOrder);
  }
}

function requireNoOption(unknown: object): void {
  const [name] = Object.keys(unknown);
  if (name === undefined) return;
  throw new RangeError(`Option '${name}' is not supported; supported are: ${supportedOptions.join(', ')}.`);
}

/** N-grams that occur in a reference, each at most as often as in the reference that has it most often. */
function countMatches(ngrams: ReadonlyMap<string, number>, references: readonly Ngrams[], index: number): number {
  let matches = 0;
  for (const [ngram, count] of ngrams) {
    let most = 0;
    for (const reference of references) most = Math.max(most, reference.counts[index]?.get(ngram) ?? 0);
    matches += Math.min(count, most);
  }
  return matches;
}

/** The length nearest to the hypothesis's, the shorter of two as near; -1 without references, as sacreBLEU has it. */
function closestLength(length: number, ofReferences: readonly number[]): number {
  let closest = -1;
  for (const candidate of ofReferences) {
    const difference = Math.abs(length - candidate) - Math.abs(length - closest);
    if (closest === -1 || difference < 0 || (difference === 0 && candidate < closest)) closest = candidate;
  }
  return closest;
}
