/**
 * Which sentences tell runs apart. A sentence's closeness to its reference is the overlap of character bigrams (Dice's
 * coefficient, 0 to 100): cheap enough for thousands of sentences, for ranking only. Scores to report are BLEU's.
 */
import type { TranslationRow } from '../../store/rows.ts';

/** Two translations of one sentence by each run, with how far the runs are apart. */
export interface SentenceDifference {
  readonly index: number;
  readonly source: string;
  readonly reference: string;
  /** One per run, in the order of the runs. */
  readonly byRun: readonly RunSentence[];
  /** Largest minus smallest closeness of the runs' final translations, 0 to 100. */
  readonly spread: number;
}

export interface RunSentence {
  readonly before: string | null;
  readonly after: string | null;
  /** Closeness of the final translation to the reference, 0 to 100; null when there is none. */
  readonly closeness: number | null;
}

/**
 * Sentences that all runs translated, those first on which they differ most; equal translations everywhere are left out.
 * Sentences are matched by source and reference, since runs may have split the corpus differently.
 */
export function differingSentences(runs: readonly (readonly TranslationRow[])[]): SentenceDifference[] {
  const [first = [], ...others] = runs;
  const lookups = others.map((rows) => new Map(rows.map((row) => [sentenceKey(row), row])));
  const found: SentenceDifference[] = [];
  for (const row of first) {
    const rows = [row, ...lookups.map((lookup) => lookup.get(sentenceKey(row)))];
    if (rows.some((other) => other === undefined || other.after === null)) continue;
    if (new Set(rows.map((other) => other?.after)).size < 2) continue;
    const byRun = rows.map((other): RunSentence => {
      const after = other?.after ?? null;
      const closeness = after === null ? null : bigramOverlap(after, row.reference);
      return { before: other?.before ?? null, after, closeness };
    });
    const values = byRun.flatMap(({ closeness }) => closeness ?? []);
    const { index, source, reference } = row;
    found.push({ index, source, reference, byRun, spread: Math.max(...values) - Math.min(...values) });
  }
  return found.sort((a, b) => b.spread - a.spread || a.index - b.index);
}

/** How many sentences every run has translated. */
export function sharedSentences(runs: readonly (readonly TranslationRow[])[]): number {
  const [first = [], ...others] = runs;
  const keys = others.map((rows) => new Set(rows.map(sentenceKey)));
  return first.filter((row) => keys.every((set) => set.has(sentenceKey(row)))).length;
}

/** Dice's coefficient of the two texts' character bigrams, 0 to 100; case and spaces count. */
export function bigramOverlap(a: string, b: string): number {
  if (a === b) return 100;
  const counts = new Map<string, number>();
  const bigramsOfA = bigrams(a);
  for (const bigram of bigramsOfA) counts.set(bigram, (counts.get(bigram) ?? 0) + 1);
  const bigramsOfB = bigrams(b);
  let shared = 0;
  for (const bigram of bigramsOfB) {
    const left = counts.get(bigram) ?? 0;
    if (left === 0) continue;
    counts.set(bigram, left - 1);
    shared += 1;
  }
  const total = bigramsOfA.length + bigramsOfB.length;
  return total === 0 ? 0 : (200 * shared) / total;
}

function bigrams(text: string): string[] {
  const characters = Array.from(text);
  return characters.slice(1).map((character, index) => (characters[index] ?? '') + character);
}

function sentenceKey({ source, reference }: TranslationRow): string {
  return `${source}\u0000${reference}`;
}
