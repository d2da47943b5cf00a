/** The sentences that several runs have all translated after their training: runs may have split the corpus differently. */
import type { TranslationRow } from '../../store/rows.ts';

export interface SharedSentence {
  /** In the first run. */
  readonly index: number;
  readonly source: string;
  readonly reference: string;
  /** One a run, in their order. */
  readonly byRun: readonly { readonly before: string | null; readonly after: string }[];
}

/** Gives the sentences of the same source and reference, in the order of the first run. */
export function sharedSentences(runs: readonly (readonly TranslationRow[])[]): SharedSentence[] {
  const lookups = runs.map((rows) => new Map(rows.map((row) => [sentenceKey(row), row])));
  const shared: SharedSentence[] = [];
  for (const [key, { index, source, reference }] of lookups[0] ?? []) {
    const byRun = lookups.flatMap((lookup) => {
      const { before = null, after = null } = lookup.get(key) ?? {};
      return after === null ? [] : [{ before, after }];
    });
    if (byRun.length === runs.length) shared.push({ index, source, reference, byRun });
  }
  return shared;
}

function sentenceKey({ source, reference }: TranslationRow): string {
  return JSON.stringify([source, reference]);
}
