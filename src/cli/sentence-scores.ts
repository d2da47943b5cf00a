/** Sentence BLEU of stored translations, for ranking sentences; the score of a run is the corpus BLEU it recorded. */
import type { TranslationRow } from '../store/rows.ts';
import { sentenceBleu } from '../ui/state/sentence-bleu.ts';

export interface ScoredSentence extends TranslationRow {
  /** Sentence BLEU with effective order, 0 to 100; null where there is no translation. */
  readonly bleuBefore: number | null;
  readonly bleuAfter: number | null;
  readonly bleuDelta: number | null;
}

/** Gives each sentence its scores. */
export function scoreSentences(rows: readonly TranslationRow[]): ScoredSentence[] {
  const bleuOf = sentenceBleu();
  const scoreOf = (hypothesis: string | null, reference: string) =>
    hypothesis === null ? null : bleuOf(hypothesis, reference);
  return rows.map((row) => {
    const bleuBefore = scoreOf(row.before, row.reference);
    const bleuAfter = scoreOf(row.after, row.reference);
    const bleuDelta = bleuBefore === null || bleuAfter === null ? null : bleuAfter - bleuBefore;
    return { ...row, bleuBefore, bleuAfter, bleuDelta };
  });
}
