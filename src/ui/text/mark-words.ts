/** Which words of a translation its reference has too, in the same order. */

export interface MarkedWord {
  readonly word: string;
  /** Whether it belongs to the longest sequence of words that both texts have. */
  readonly isShared: boolean;
}

/** Texts of more words are not marked: the table below grows with the product of both. */
const MOST_WORDS = 400;

/** Gives the words of `text`, each marked by whether `reference` has it there; all shared where either is too long. */
export function markWords(text: string, reference: string): MarkedWord[] {
  const words = wordsOf(text);
  const others = wordsOf(reference);
  if (words.length > MOST_WORDS || others.length > MOST_WORDS) return words.map((word) => ({ word, isShared: true }));
  const longest = longestCommon(words, others);
  const marked: MarkedWord[] = [];
  let i = 0;
  let j = 0;
  for (const word of words) {
    // Skips words of the reference as long as nothing is lost by it.
    while (j < others.length && others[j] !== word && at(longest, i, j + 1) === at(longest, i, j)) j += 1;
    const isShared = others[j] === word && at(longest, i, j) === at(longest, i + 1, j + 1) + 1;
    marked.push({ word, isShared });
    i += 1;
    if (isShared) j += 1;
  }
  return marked;
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** `[i][j]`: words that the rest of `a` from i and the rest of `b` from j have in common, in order. */
function longestCommon(a: readonly string[], b: readonly string[]): number[][] {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    const row = table[i];
    if (row === undefined) continue;
    for (let j = b.length - 1; j >= 0; j--) {
      row[j] = a[i] === b[j] ? at(table, i + 1, j + 1) + 1 : Math.max(at(table, i + 1, j), at(table, i, j + 1));
    }
  }
  return table;
}

function at(table: readonly (readonly number[])[], i: number, j: number): number {
  return table[i]?.[j] ?? 0;
}
