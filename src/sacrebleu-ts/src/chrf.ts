/** chrF (Popović, 2015) and chrF++ (Popović, 2017) with sacreBLEU's options, names and numbers. */
import { CHRFScore, type ChrfFormula, chrfFromStatistics } from './chrf-score.ts';
import { Metric } from './metric.ts';
import { NgramTrie } from './ngram-trie.ts';
import { requireNoOption } from './options.ts';
import { splitWords } from './python/white-space.ts';
import type { SignatureField } from './signature.ts';
import type { Profile } from './statistics/profile.ts';
import { resampledChrf } from './statistics/resampled-scores.ts';
import type { Scalar } from './statistics/scalar.ts';
import type { Scoring } from './statistics/scoring.ts';
import type { StatisticsRow } from './statistics-row.ts';
import { codePoints, SymbolRoom, WordNumbers } from './symbols.ts';

export interface ChrfOptions {
  /** Highest order of character n-grams, 6 by default. */
  readonly charOrder?: number;
  /** Highest order of word n-grams, 0 by default; 2 is chrF++. */
  readonly wordOrder?: number;
  /** How many times as important recall is as precision, 2 by default. */
  readonly beta?: number;
  /** Lower-case both sides first. */
  readonly lowercase?: boolean;
  /** Keep white space in the character n-grams. */
  readonly whitespace?: boolean;
  /** Average the F-scores of the orders, as chrF++.py, NLTK and Moses do. */
  readonly epsSmoothing?: boolean;
}

const supportedOptions = ['charOrder', 'wordOrder', 'beta', 'lowercase', 'whitespace', 'epsSmoothing'];

export class CHRF extends Metric<CHRFScore> {
  private readonly formula: ChrfFormula;
  private readonly isLowercase: boolean;
  private readonly withWhiteSpace: boolean;
  private readonly characterTrie: NgramTrie;
  private readonly wordTrie: NgramTrie;
  private readonly room = new SymbolRoom();
  private readonly numbers = new WordNumbers(this.room);

  /** @throws {RangeError} when an option's value is not supported */
  constructor(options: ChrfOptions = {}) {
    super();
    const { charOrder = 6, wordOrder = 0, beta = 2, ...others } = options;
    const { lowercase = false, whitespace = false, epsSmoothing = false, ...unknown } = others;
    requireNoOption(unknown, supportedOptions);
    for (const [name, order] of Object.entries({ charOrder, wordOrder })) {
      if (!Number.isInteger(order) || order < 0) {
        throw new RangeError(`${name} is ${order}; expected a whole number, 0 or more.`);
      }
    }
    if (charOrder + wordOrder === 0) throw new RangeError('charOrder and wordOrder are 0: there is nothing to count.');
    if (!(beta >= 0 && Number.isFinite(beta))) throw new RangeError(`beta is ${beta}; expected 0 or more.`);
    this.formula = { charOrder, wordOrder, beta, epsSmoothing };
    this.isLowercase = lowercase;
    this.withWhiteSpace = whitespace;
    this.characterTrie = new NgramTrie(charOrder);
    this.wordTrie = new NgramTrie(wordOrder);
  }

  override get scoring(): Scoring {
    return { type: 'chrf', ...this.formula };
  }

  /**
   * Each row: `[n-grams of the hypothesis, of the reference, matches]` of each order of characters, then of words, against
   * the reference with the best F-score, the first of several as good.
   */
  segmentRows(hypotheses: readonly string[], references: readonly (string | null)[]): StatisticsRow[] {
    this.room.clear();
    this.numbers.clear();
    const { charOrder, wordOrder } = this.formula;
    const ofHypotheses = hypotheses.map((hypothesis) => this.symbolsOf(hypothesis));
    const best = hypotheses.map((): StatisticsRow => []);
    const bestScores = hypotheses.map(() => -1);
    for (const reference of references) {
      if (reference === null) continue;
      const ofReference = this.symbolsOf(reference);
      fill(this.characterTrie, ofReference.characters);
      fill(this.wordTrie, ofReference.words);
      for (const [place, { characters, words }] of ofHypotheses.entries()) {
        // Made at its length: an array that grows keeps room for twice as much.
        const row = new Array<number>(3 * (charOrder + wordOrder)).fill(0);
        countTriples(row, 0, this.characterTrie, characters, ofReference.characters);
        countTriples(row, 3 * charOrder, this.wordTrie, words, ofReference.words);
        const score = references.length === 1 ? 0 : chrfFromStatistics(row, this.formula);
        if (score <= (bestScores[place] ?? -1)) continue;
        best[place] = row;
        bestScores[place] = score;
      }
    }
    if (references.every((reference) => reference === null)) {
      throw new TypeError('A segment has no reference: all are null.');
    }
    return best;
  }

  scoreFromStatistics(sum: StatisticsRow): CHRFScore {
    return new CHRFScore(chrfFromStatistics(sum, this.formula), this.formula);
  }

  override resampledScore(sum: ArrayLike<number>, profile: Profile): Scalar {
    return resampledChrf(sum, this.formula, profile);
  }

  protected signatureFields(): readonly SignatureField[] {
    const { charOrder, wordOrder, epsSmoothing } = this.formula;
    return [
      ['case', 'c', this.isLowercase ? 'lc' : 'mixed'],
      ['eff', 'e', epsSmoothing ? 'no' : 'yes'],
      ['nc', 'nc', String(charOrder)],
      ['nw', 'nw', String(wordOrder)],
      ['space', 's', this.withWhiteSpace ? 'yes' : 'no'],
    ];
  }

  private symbolsOf(segment: string): { characters: Int32Array; words: Int32Array } {
    const text = this.isLowercase ? segment.toLowerCase() : segment;
    const words = this.formula.wordOrder === 0 ? [] : splitOffPunctuation(splitWords(text));
    return { characters: codePoints(text, this.withWhiteSpace, this.room), words: this.numbers.of(words) };
  }
}

function fill(trie: NgramTrie, reference: Int32Array): void {
  trie.clear(reference.length);
  trie.addReference(reference);
}

/** An order the reference has no n-grams of counts none of the hypothesis either. */
function countTriples(
  row: number[],
  start: number,
  trie: NgramTrie,
  hypothesis: Int32Array,
  reference: Int32Array,
): void {
  for (const [index, matches] of trie.countMatches(hypothesis).entries()) {
    const ofReference = Math.max(reference.length - index, 0);
    const ofHypothesis = ofReference === 0 ? 0 : Math.max(hypothesis.length - index, 0);
    row[start + 3 * index] = ofHypothesis;
    row[start + 3 * index + 1] = ofReference;
    row[start + 3 * index + 2] = matches;
  }
}

/** One mark at the end of a word is a word, else one at its start: `(hi)` gives `(hi` and `)`. */
function splitOffPunctuation(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    if (word.length === 1) return word;
    if (isAsciiPunctuation(word.charCodeAt(word.length - 1))) return [word.slice(0, -1), word.slice(-1)];
    return isAsciiPunctuation(word.charCodeAt(0)) ? [word.slice(0, 1), word.slice(1)] : word;
  });
}

/** Python's `string.punctuation`: what is printable and neither space, letter nor digit. */
function isAsciiPunctuation(unit: number): boolean {
  if (unit < 0x21 || unit > 0x7e) return false;
  const isDigit = unit >= 0x30 && unit <= 0x39;
  const lower = unit | 0x20;
  return !isDigit && !(lower >= 0x61 && lower <= 0x7a);
}
