/** BLEU (Papineni et al., 2002) with sacreBLEU's options, names and numbers. */
import {
  type BLEUScore,
  type BleuFormula,
  bleuFromStatistics,
  type SmoothMethod,
  smoothDefaults,
} from './bleu-score.ts';
import { Metric, type References } from './metric.ts';
import { NgramTrie } from './ngram-trie.ts';
import { requireNoOption } from './options.ts';
import { formatFixed } from './python/format-number.ts';
import { stripEnd } from './python/white-space.ts';
import type { SignatureField } from './signature.ts';
import type { Profile } from './statistics/profile.ts';
import { resampledBleu } from './statistics/resampled-scores.ts';
import type { Scalar } from './statistics/scalar.ts';
import type { Scoring } from './statistics/scoring.ts';
import type { StatisticsRow } from './statistics-row.ts';
import { SymbolRoom, WordNumbers } from './symbols.ts';
import { findTokenizer, type Tokenizer, type TokenizerName, type TokenizerOptions } from './tokenizers/tokenizers.ts';

export interface BleuOptions extends TokenizerOptions {
  /** Lower-case both sides first. */
  readonly lowercase?: boolean;
  /** `13a` by default, or the one for `trgLang`. */
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
  /** Do not warn of input that looks tokenized. */
  readonly force?: boolean;
  /** Told what sacreBLEU would warn of; nothing is printed. */
  readonly onWarning?: (message: string) => void;
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
  'sentencePiece',
  'onWarning',
] as const satisfies readonly (keyof BleuOptions)[];

/** Languages whose tokenizer is another than 13a. */
const tokenizerOfLanguage: ReadonlyMap<string, { readonly language: string; readonly tokenizer: string }> = new Map([
  ['zh', { language: 'Chinese', tokenizer: 'zh' }],
  ['ja', { language: 'Japanese', tokenizer: 'ja-mecab' }],
  ['ko', { language: 'Korean', tokenizer: 'ko-mecab' }],
]);

export class BLEU extends Metric<BLEUScore> {
  private readonly isLowercase: boolean;
  private readonly tokenizer: Tokenizer;
  private readonly maxNgramOrder: number;
  private readonly formula: BleuFormula;
  private readonly isForced: boolean;
  private readonly warn: (message: string) => void;
  private readonly trie: NgramTrie;
  private readonly room = new SymbolRoom();
  private readonly numbers = new WordNumbers(this.room);

  /** @throws {RangeError} when an option's value is not supported, with those that are */
  constructor(options: BleuOptions = {}) {
    super();
    const { lowercase = false, trgLang = '', force = false, tokenize, sentencePiece, ...others } = options;
    const { smoothMethod = 'exp', smoothValue = null, maxNgramOrder = 4, effectiveOrder = false, ...rest } = others;
    const { onWarning = ignoreWarning, ...unknown } = rest;
    requireNoOption(unknown, supportedOptions);
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
    this.isForced = force;
    this.warn = onWarning;
    this.tokenizer = findTokenizer(tokenize ?? tokenizerOfLanguage.get(trgLang)?.tokenizer ?? '13a', { sentencePiece });
    this.maxNgramOrder = maxNgramOrder;
    this.formula = { smoothMethod, smoothValue, effectiveOrder };
    this.trie = new NgramTrie(maxNgramOrder);
    if (tokenize !== undefined) this.warnOfTokenizer(tokenize, trgLang);
  }

  override get scoring(): Scoring {
    return { type: 'bleu', maxNgramOrder: this.maxNgramOrder, ...this.formula };
  }

  override systemsStatistics(systems: readonly (readonly string[])[], references: References): StatisticsRow[][] {
    const rows = super.systemsStatistics(systems, references);
    if (this.isForced) return rows;
    for (const hypotheses of systems) {
      if (hypotheses.filter((hypothesis) => hypothesis.endsWith(' .')).length < 100) continue;
      this.warn(
        "100 lines or more end in a tokenized full stop (' .'): it looks as if the data was not detokenized, which may hurt the score. Set force where it was, or where that does not matter.",
      );
    }
    return rows;
  }

  override sentenceScore(hypothesis: string, references: readonly (string | null)[]): BLEUScore {
    if (!this.formula.effectiveOrder) {
      this.warn('It is recommended to enable effectiveOrder for sentence-level BLEU.');
    }
    return super.sentenceScore(hypothesis, references);
  }

  /** Each row: `[words of the hypothesis, words of the closest reference, matches of each order, n-grams of each order]`. */
  segmentRows(hypotheses: readonly string[], references: readonly (string | null)[]): StatisticsRow[] {
    this.room.clear();
    this.numbers.clear();
    const ofReferences: Int32Array[] = [];
    let referenceWords = 0;
    for (const reference of references) {
      if (reference === null) continue;
      const ofReference = this.wordsOf(reference);
      ofReferences.push(ofReference);
      referenceWords += ofReference.length;
    }
    this.trie.clear(referenceWords);
    for (const ofReference of ofReferences) this.trie.addReference(ofReference);
    return hypotheses.map((hypothesis) => this.rowOf(this.wordsOf(hypothesis), ofReferences));
  }

  scoreFromStatistics(sum: StatisticsRow, profile?: Profile): BLEUScore {
    return this.scoreWith(this.formula, sum, profile);
  }

  override resampledScore(sum: ArrayLike<number>, profile: Profile): Scalar {
    return resampledBleu(sum, this.formula, profile);
  }

  /** sacreBLEU keeps these counts as whole numbers and smooths them in place: what add-k adds loses its fraction. */
  override trialScore(sum: StatisticsRow, profile: Profile): number {
    const { smoothMethod, smoothValue } = this.formula;
    const isCut = smoothMethod === 'add-k' && smoothValue !== null;
    const formula = isCut ? { ...this.formula, smoothValue: Math.floor(smoothValue) } : this.formula;
    return this.scoreWith(formula, sum, profile).score;
  }

  protected signatureFields(): readonly SignatureField[] {
    const { smoothMethod, smoothValue, effectiveOrder } = this.formula;
    const byDefault = smoothDefaults[smoothMethod];
    const value = byDefault === null ? '' : `[${formatFixed(smoothValue ?? byDefault, 2)}]`;
    return [
      ['case', 'c', this.isLowercase ? 'lc' : 'mixed'],
      ['eff', 'e', effectiveOrder ? 'yes' : 'no'],
      ['tok', 'tok', this.tokenizer.signature],
      ['smooth', 's', `${smoothMethod}${value}`],
    ];
  }

  private scoreWith(formula: BleuFormula, sum: StatisticsRow, profile?: Profile): BLEUScore {
    const [sysLen = 0, refLen = 0] = sum;
    const counts = sum.slice(2, 2 + this.maxNgramOrder);
    const totals = sum.slice(2 + this.maxNgramOrder);
    return bleuFromStatistics({ counts, totals, sysLen, refLen }, formula, profile);
  }

  private rowOf(words: Int32Array, references: readonly Int32Array[]): StatisticsRow {
    if (references.length === 0 && words.length > 0) throw new TypeError('A segment has no reference: all are null.');
    const matches = this.trie.countMatches(words);
    // Made at its length: an array that grows keeps room for twice as much.
    const row = new Array<number>(2 + 2 * this.maxNgramOrder).fill(0);
    row[0] = words.length;
    row[1] = closestLength(words.length, references);
    for (let index = 0; index < this.maxNgramOrder; index++) {
      row[2 + index] = matches[index] ?? 0;
      row[2 + this.maxNgramOrder + index] = Math.max(words.length - index, 0);
    }
    return row;
  }

  private wordsOf(segment: string): Int32Array {
    const text = this.isLowercase ? segment.toLowerCase() : segment;
    return this.numbers.of(this.tokenizer.words(stripEnd(text)));
  }

  private warnOfTokenizer(name: string, trgLang: string): void {
    if (name === 'spm') this.warn("Tokenizer 'spm' has been changed to 'flores101', and may be removed in the future.");
    const usual = tokenizerOfLanguage.get(trgLang);
    if (usual === undefined || usual.tokenizer === name) return;
    this.warn(`Consider using the '${usual.tokenizer}' or 'spm' tokenizer for ${usual.language}.`);
  }
}

function ignoreWarning(): void {}

/** The length nearest to the hypothesis's, the shorter of two as near; -1 without references, as sacreBLEU has it. */
function closestLength(length: number, references: readonly Int32Array[]): number {
  let closest = -1;
  for (const { length: candidate } of references) {
    const difference = Math.abs(length - candidate) - Math.abs(length - closest);
    if (closest === -1 || difference < 0 || (difference === 0 && candidate < closest)) closest = candidate;
  }
  return closest;
}
