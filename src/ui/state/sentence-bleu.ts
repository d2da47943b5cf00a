/** Sentence BLEU, by which all faces rank sentences. The score of a run is the corpus BLEU it recorded. */
import { BLEU } from 'sacrebleu-ts';

/** Gives a function that scores a translation by its reference, 0 to 100. */
export function sentenceBleu(): (hypothesis: string, reference: string) => number {
  // Effective order, as sacreBLEU advises for single sentences: a short one has no 4-grams to match.
  const metric = new BLEU({ effectiveOrder: true });
  return (hypothesis, reference) => metric.sentenceScore(hypothesis, [reference]).score;
}
