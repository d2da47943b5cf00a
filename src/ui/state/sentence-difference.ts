/** Which sentences tell runs apart, by the sentence BLEU of their final translations. */
import type { TranslationRow } from '../../store/rows.ts';
import { sentenceBleu } from './sentence-bleu.ts';

/** A sentence that every run has translated, with how far the runs are apart. */
export interface SentenceDifference {
  /** Of the first run. */
  readonly index: number;
  readonly source: string;
  readonly reference: string;
  /** One per run, in the order of the runs. */
  readonly byRun: readonly RunSentence[];
  /** Largest minus smallest sentence BLEU. */
  readonly spread: number;
}

export interface RunSentence {
  readonly before: string | null;
  readonly after: string;
  /** Sentence BLEU of the final translation. */
  readonly bleu: number;
}

export interface SentenceComparison {
  /** Sentences that every run has translated after its training. */
  readonly shared: number;
  /** Those with different translations, the largest spread first. */
  readonly differing: readonly SentenceDifference[];
}

/** Compares sentences of the same source and reference: runs may have split the corpus differently. */
export function compareSentences(runs: readonly (readonly TranslationRow[])[]): SentenceComparison {
  const bleuOf = sentenceBleu();
  const lookups = runs.map((rows) => new Map(rows.map((row) => [sentenceKey(row), row])));
  const differing: SentenceDifference[] = [];
  let shared = 0;
  for (const [key, { index, source, reference }] of lookups[0] ?? []) {
    const made = lookups.flatMap((lookup) => {
      const { before = null, after = null } = lookup.get(key) ?? {};
      return after === null ? [] : [{ before, after }];
    });
    if (made.length < runs.length) continue;
    shared += 1;
    if (new Set(made.map(({ after }) => after)).size === 1) continue;
    const byRun = made.map((each) => ({ ...each, bleu: bleuOf(each.after, reference) }));
    const scores = byRun.map(({ bleu }) => bleu);
    differing.push({ index, source, reference, byRun, spread: Math.max(...scores) - Math.min(...scores) });
  }
  return { shared, differing: differing.sort((a, b) => b.spread - a.spread || a.index - b.index) };
}

function sentenceKey({ source, reference }: TranslationRow): string {
  return JSON.stringify([source, reference]);
}
