import { splitWords } from './python/white-space.ts';

/** The n-grams of a line: how often each occurs, by order. */
export interface Ngrams {
  /** Count of words. */
  readonly length: number;
  /** `counts[n - 1]` holds the n-grams, their words joined by a space: words have none inside. */
  readonly counts: readonly Map<string, number>[];
}

/** Counts the word n-grams of all orders from 1 to `maxOrder`. */
export function countNgrams(line: string, maxOrder: number): Ngrams {
  const words = splitWords(line);
  const counts = Array.from({ length: maxOrder }, () => new Map<string, number>());
  for (let start = 0; start < words.length; start++) {
    let ngram = '';
    for (let order = 1; order <= maxOrder; order++) {
      const word = words[start + order - 1];
      const ofOrder = counts[order - 1];
      if (word === undefined || ofOrder === undefined) break;
      ngram = order === 1 ? word : `${ngram} ${word}`;
      ofOrder.set(ngram, (ofOrder.get(ngram) ?? 0) + 1);
    }
  }
  return { length: words.length, counts };
}
