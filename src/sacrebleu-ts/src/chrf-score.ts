/** chrF from its statistics: the formula and the result. */
import { formatFloat } from './python/format-number.ts';
import { Score } from './score.ts';

export interface ChrfFormula {
  /** Orders of characters, then of words. */
  readonly charOrder: number;
  readonly wordOrder: number;
  /** How many times as important recall is as precision. */
  readonly beta: number;
  /** Average the F-score of each order, as chrF++.py, NLTK and Moses, instead of precision and recall. */
  readonly epsSmoothing: boolean;
}

export class CHRFScore extends Score {
  readonly charOrder: number;
  readonly wordOrder: number;
  readonly beta: number;

  constructor(score: number, { charOrder, wordOrder, beta }: ChrfFormula) {
    const name = `chrF${Number.isInteger(beta) ? beta : formatFloat(beta)}${'+'.repeat(wordOrder)}`;
    super(name, score);
    this.charOrder = charOrder;
    this.wordOrder = wordOrder;
    this.beta = beta;
  }

  get verbose(): string {
    return '';
  }
}

/**
 * The F-score of these statistics, 0 to 100.
 *
 * @param statistics `[n-grams of the hypothesis, of the reference, matches]`, one triple an order after the other
 */
export function chrfFromStatistics(statistics: readonly number[], formula: ChrfFormula): number {
  const epsilon = 1e-16;
  const factor = formula.beta * formula.beta;
  const orders = formula.charOrder + formula.wordOrder;
  let sumOfScores = 0;
  let precisions = 0;
  let recalls = 0;
  let effectiveOrders = 0;
  for (let order = 0; order < orders; order++) {
    const [ofHypothesis = 0, ofReference = 0, matches = 0] = statistics.slice(3 * order, 3 * order + 3);
    const precision = ofHypothesis > 0 ? matches / ofHypothesis : epsilon;
    const recall = ofReference > 0 ? matches / ofReference : epsilon;
    const denominator = factor * precision + recall;
    sumOfScores += denominator > 0 ? ((1 + factor) * precision * recall) / denominator : epsilon;
    if (ofHypothesis > 0 && ofReference > 0) {
      precisions += precision;
      recalls += recall;
      effectiveOrders += 1;
    }
  }
  if (formula.epsSmoothing) return (100 * sumOfScores) / orders;
  if (precisions + recalls === 0) return 0;
  const precision = precisions / effectiveOrders;
  const recall = recalls / effectiveOrders;
  return 100 * (((1 + factor) * precision * recall) / (factor * precision + recall));
}
