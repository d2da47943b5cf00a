/** Which sentences tell runs apart, by the sentence BLEU of their final translations. */
import type { TranslationRow } from '../../store/rows.ts';
import { sentenceBleu } from './sentence-bleu.ts';
import { type SharedSentence, sharedSentences } from './shared-sentences.ts';

/** A sentence that every run has translated, with how far the runs are apart. */
export interface SentenceDifference extends SharedSentence {
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

/** Compares the sentences that all runs have translated. */
export function compareSentences(runs: readonly (readonly TranslationRow[])[]): SentenceComparison {
  const bleuOf = sentenceBleu();
  const shared = sharedSentences(runs);
  const differing = shared
    .filter(({ byRun }) => new Set(byRun.map(({ after }) => after)).size > 1)
    .map((sentence): SentenceDifference => {
      const byRun = sentence.byRun.map((each) => ({ ...each, bleu: bleuOf(each.after, sentence.reference) }));
      const scores = byRun.map(({ bleu }) => bleu);
      return { ...sentence, byRun, spread: Math.max(...scores) - Math.min(...scores) };
    });
  return { shared: shared.length, differing: differing.sort((a, b) => b.spread - a.spread || a.index - b.index) };
}
