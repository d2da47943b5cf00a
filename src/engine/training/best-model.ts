/**
 * Which model of a training is the best so far, and whether it pays to go on: what transformers' Trainer and its
 * EarlyStoppingCallback decide after each evaluation.
 */
import type { TrainingConfig } from '../config/experiment.ts';

export interface BestModel {
  /** Of the best evaluation; null before the first. */
  readonly metric: number | null;
  /** When it was made. */
  readonly step: number | null;
  /** Evaluations since the last one that improved, as EarlyStoppingCallback counts them. */
  readonly badEvaluations: number;
}

export const NO_BEST_MODEL: BestModel = { metric: null, step: null, badEvaluations: 0 };

export interface Judgement {
  readonly best: BestModel;
  readonly isBest: boolean;
}

/** What an evaluation measured; `bleu` is null when nothing was translated. */
export interface Measured {
  readonly loss: number;
  readonly bleu: number | null;
}

/** Gives the metric that decides, `eval_loss` or `eval_bleu`; null when no best model is kept track of. */
export function bestMetricName(
  config: Pick<TrainingConfig, 'metric_for_best_model' | 'load_best_model_at_end'>,
): 'eval_loss' | 'eval_bleu' | null {
  const name = config.metric_for_best_model ?? (config.load_best_model_at_end ? 'loss' : null);
  if (name === null) return null;
  return name.endsWith('bleu') ? 'eval_bleu' : 'eval_loss';
}

/**
 * Gives a warning where evaluations come oftener than saves; null where none is due. Trainer remembers the best evaluation,
 * saved or not, and so the best saved model may be another, or none.
 */
export function warningForUnsavedBest(
  config: Pick<
    TrainingConfig,
    'load_best_model_at_end' | 'save_strategy' | 'eval_strategy' | 'save_steps' | 'eval_steps'
  >,
): string | null {
  const { load_best_model_at_end, save_strategy, eval_strategy, save_steps, eval_steps } = config;
  const isBySteps = save_strategy === 'steps' && eval_strategy === 'steps';
  if (!load_best_model_at_end || !isBySteps || save_steps <= eval_steps) return null;
  return (
    `The best model may not be kept: training.eval_steps is ${eval_steps}, training.save_steps ${save_steps}, and what is best ` +
    'between two saves is not saved. Equal numbers, or training.save_strategy: best, keep every best one.'
  );
}

/**
 * Judges the evaluation of a step. The threshold counts for patience only: the best model is the best, by however little.
 * @throws {RangeError} when the metric was not measured
 */
export function judgeEvaluation(config: TrainingConfig, best: BestModel, step: number, measured: Measured): Judgement {
  const name = bestMetricName(config);
  if (name === null) return { best, isBest: false };
  const value = name === 'eval_loss' ? measured.loss : measured.bleu;
  if (value === null) throw new RangeError(`${name} was not measured.`);
  const isGreaterBetter = config.greater_is_better ?? name !== 'eval_loss';
  const isBest = best.metric === null || (isGreaterBetter ? value > best.metric : value < best.metric);
  const hasImproved =
    best.metric === null || (isBest && Math.abs(value - best.metric) > config.early_stopping_threshold);
  const badEvaluations = hasImproved ? 0 : best.badEvaluations + 1;
  return {
    best: { ...(isBest ? { metric: value, step } : best), badEvaluations },
    isBest,
  };
}
