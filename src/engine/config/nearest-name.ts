/** Finds what a misspelt word was probably meant to be. */

/**
 * Gives the candidate nearest to a word by edit distance, or null when none is near enough to be meant.
 * Case and the kind of separator do not count.
 */
export function nearestName(word: string, candidates: Iterable<string>): string | null {
  const wanted = normalise(word);
  // A third of the letters may differ: "learnig_rate" is meant to be learning_rate, "foo" nothing.
  let limit = Math.max(1, Math.floor(wanted.length / 3));
  let nearest: string | null = null;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, normalise(candidate));
    if (distance < limit || (distance === limit && nearest === null)) {
      limit = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

function normalise(word: string): string {
  return word.slice(0, 80).toLowerCase().replaceAll('-', '_');
}

/** Damerau-Levenshtein distance (optimal string alignment): insert, delete, replace, swap neighbours, each 1. */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let distance = Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, (beforePrevious[j - 2] ?? 0) + 1);
      }
      current.push(distance);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
