/** Which sentences tell runs apart, by the sentence BLEU of their final translations. */
import type { TranslationRow } from '../store/rows.ts';
import { scoreSentences } from './sentence-scores.ts';

export interface ComparedSentence {
  readonly source: string;
  readonly reference: string;
  /** One per run, in the order of the runs. */
  readonly byRun: readonly { readonly after: string; readonly bleu: number }[];
  /** Largest minus smallest sentence BLEU. */
  readonly spread: number;
}

export interface SentenceComparison {
  /** Sentences that every run has translated after its training. */
  readonly shared: number;
  /** Those with different translations, the largest spread first. */
  readonly differing: readonly ComparedSentence[];
}

/** Compares sentences of the same source and reference: runs may have split the corpus differently. */
export function compareSentences(runs: readonly (readonly TranslationRow[])[]): SentenceComparison {
  const lookups = runs.map(
    (rows) => new Map(scoreSentences(rows).map((row) => [JSON.stringify([row.source, row.reference]), row])),
  );
  const differing: ComparedSentence[] = [];
  let shared = 0;
  for (const [key, { source, reference }] of lookups[0] ?? []) {
    const byRun = lookups.flatMap((lookup) => {
      const { after = null, bleuAfter = null } = lookup.get(key) ?? {};
      return after === null || bleuAfter === null ? [] : [{ after, bleu: bleuAfter }];
    });
    if (byRun.length < runs.length) continue;
    shared += 1;
    if (new Set(byRun.map(({ after }) => after)).size === 1) continue;
    const scores = byRun.map(({ bleu }) => bleu);
    differing.push({ source, reference, byRun, spread: Math.max(...scores) - Math.min(...scores) });
  }
  return { shared, differing: differing.sort((a, b) => b.spread - a.spread) };
}
