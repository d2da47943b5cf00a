/** Which evaluation of a training was the best, by the metric that its experiment goes by. */
import type { EvaluationRow } from '../../store/rows.ts';

export interface BestEvaluation {
  /** Null where nothing was measured of the trained model. */
  readonly best: EvaluationRow | null;
  readonly latest: EvaluationRow | null;
  /** Whether BLEU decides, else the loss does. */
  readonly isBleu: boolean;
}

/**
 * Gives the best and the latest evaluation of the model as it was trained, the first of equal ones.
 *
 * @param parameters  the flattened experiment
 */
export function bestEvaluation(
  evaluations: readonly EvaluationRow[],
  parameters: Readonly<Record<string, string>>,
): BestEvaluation {
  const trained = evaluations.filter(({ stage }) => stage !== 'before').sort((a, b) => a.step - b.step);
  const isBleu = goesByBleu(trained, parameters);
  const metricOf = ({ loss, bleu }: EvaluationRow) => (isBleu ? (bleu?.score ?? null) : loss);
  const isGreaterBetter = (parameters['training.greater_is_better'] || String(isBleu)) === 'true';
  const measured = trained.filter((evaluation) => metricOf(evaluation) !== null);
  const best = measured.reduce<EvaluationRow | null>((best, evaluation) => {
    if (best === null) return evaluation;
    const gain = (metricOf(evaluation) ?? 0) - (metricOf(best) ?? 0);
    return (isGreaterBetter ? gain > 0 : gain < 0) ? evaluation : best;
  }, null);
  return { best, latest: measured.at(-1) ?? null, isBleu };
}

// As the trainer chooses it; where it keeps no best model, the score is what is looked for.
function goesByBleu(trained: readonly EvaluationRow[], parameters: Readonly<Record<string, string>>): boolean {
  const metric = parameters['training.metric_for_best_model'] ?? '';
  if (metric !== '') return metric.endsWith('bleu');
  return parameters['training.load_best_model_at_end'] !== 'true' && trained.some(({ bleu }) => bleu !== null);
}
