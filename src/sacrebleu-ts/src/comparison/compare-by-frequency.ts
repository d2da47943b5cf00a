import { stripEnd } from '../python/white-space.ts';
import { findTokenizer, type TokenizerName, type TokenizerOptions } from '../tokenizers/tokenizers.ts';
import { type Bucket, bucketOf, bucketsBetween } from './buckets.ts';
import { requirePaired } from './require-paired.ts';

/** How well words were found: a word of a segment counts as often as both sides have it. */
export interface WordAccuracy {
  readonly matches: number;
  /** Words of the hypotheses in the bucket. */
  readonly words: number;
  /** Percent; null where there are no words to divide by. */
  readonly precision: number | null;
  readonly recall: number | null;
  /** Harmonic mean of both; 0 without a match; null where neither side has a word. */
  readonly f1: number | null;
}

export interface FrequencyBucket extends Bucket {
  /** Words of the references that occur in all of them from `from` to below `to` times. */
  readonly referenceWords: number;
  readonly baseline: WordAccuracy;
  readonly system: WordAccuracy;
}

export interface FrequencyComparison extends TokenizerOptions {
  /** Hypotheses of both systems and their references, one a segment. */
  readonly baseline: readonly string[];
  readonly system: readonly string[];
  readonly references: readonly string[];
  /** `13a` by default. */
  readonly tokenize?: TokenizerName;
  /** Where buckets end and the next begin; 1, 2, 3, 4, 5, 10, 100, 1000 by default, as compare-mt. */
  readonly limits?: readonly number[];
}

/**
 * How well both systems find rare and frequent words: precision, recall and F1 by how often the references have the word.
 * Words no reference has are in the first bucket. After compare-mt (Neubig et al., 2019).
 *
 * @throws {RangeError} when there are not as many of each, or the limits do not ascend
 */
export function compareByFrequency(comparison: FrequencyComparison): FrequencyBucket[] {
  const { baseline, system, references, limits = [1, 2, 3, 4, 5, 10, 100, 1000] } = comparison;
  requirePaired(baseline, system, references);
  const buckets = bucketsBetween(limits);
  const tokenizer = findTokenizer(comparison.tokenize ?? '13a', comparison);
  const countWords = (line: string): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const word of tokenizer.words(stripEnd(line))) counts.set(word, (counts.get(word) ?? 0) + 1);
    return counts;
  };
  const ofReferences = references.map(countWords);
  const frequencies = new Map<string, number>();
  for (const counts of ofReferences) {
    for (const [word, count] of counts) frequencies.set(word, (frequencies.get(word) ?? 0) + count);
  }
  const placeOf = (word: string): number => bucketOf(frequencies.get(word) ?? 0, buckets);
  const referenceWords = buckets.map(() => 0);
  for (const [word, count] of frequencies) {
    const place = placeOf(word);
    referenceWords[place] = (referenceWords[place] ?? 0) + count;
  }
  const accuraciesOf = (hypotheses: readonly string[]): WordAccuracy[] => {
    const matches = buckets.map(() => 0);
    const words = buckets.map(() => 0);
    for (const [index, hypothesis] of hypotheses.entries()) {
      for (const [word, count] of countWords(hypothesis)) {
        const place = placeOf(word);
        words[place] = (words[place] ?? 0) + count;
        matches[place] = (matches[place] ?? 0) + Math.min(count, ofReferences[index]?.get(word) ?? 0);
      }
    }
    return buckets.map((_, place) => accuracy(matches[place] ?? 0, words[place] ?? 0, referenceWords[place] ?? 0));
  };
  const [ofBaseline, ofSystem] = [accuraciesOf(baseline), accuraciesOf(system)];
  return buckets.map((bucket, place) => ({
    ...bucket,
    referenceWords: referenceWords[place] ?? 0,
    baseline: ofBaseline[place] ?? accuracy(0, 0, 0),
    system: ofSystem[place] ?? accuracy(0, 0, 0),
  }));
}

function accuracy(matches: number, words: number, referenceWords: number): WordAccuracy {
  const share = (whole: number, part = matches): number | null => (whole === 0 ? null : (100 * part) / whole);
  return {
    matches,
    words,
    precision: share(words),
    recall: share(referenceWords),
    f1: share(words + referenceWords, 2 * matches),
  };
}
