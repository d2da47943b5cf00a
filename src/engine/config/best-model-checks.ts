/**
 * Rules between evaluating, saving, and choosing the best model: those of TrainingArguments and EarlyStoppingCallback
 * (transformers 4.47), and some for settings that would silently do nothing there.
 */
import type { CrossCheck, Values } from './cross-check.ts';

export const bestModelChecks: readonly CrossCheck[] = [
  checkBestIsEvaluated,
  checkStrategiesMatch,
  checkSaveStepsMatch,
  checkBestMetricIsNamed,
  checkBleuIsMeasured,
  checkGreaterIsUsed,
  checkPatience,
  checkThreshold,
];

function checkBestIsEvaluated(values: Values): ReturnType<CrossCheck> {
  const isAsked = values.get('training.load_best_model_at_end') === true || savesBest(values);
  if (!isAsked || values.get('training.eval_strategy') !== 'no') return null;
  const why = savesBest(values) ? 'training.save_strategy best' : 'training.load_best_model_at_end';
  return {
    path: 'training.eval_strategy',
    message: `is no; ${why} needs evaluations to find the best model: epoch or steps`,
  };
}

function checkStrategiesMatch(values: Values): ReturnType<CrossCheck> {
  if (values.get('training.load_best_model_at_end') !== true || savesBest(values)) return null;
  const evaluating = values.get('training.eval_strategy');
  const saving = values.get('training.save_strategy');
  if (evaluating === undefined || saving === undefined || evaluating === 'no' || evaluating === saving) return null;
  return {
    path: 'training.save_strategy',
    message: `is ${saving} while training.eval_strategy is ${evaluating}; training.load_best_model_at_end needs both the same, or best`,
  };
}

function checkSaveStepsMatch(values: Values): ReturnType<CrossCheck> {
  if (values.get('training.load_best_model_at_end') !== true) return null;
  if (values.get('training.eval_strategy') !== 'steps' || values.get('training.save_strategy') !== 'steps') return null;
  const evaluating = values.get('training.eval_steps');
  const saving = values.get('training.save_steps');
  if (typeof evaluating !== 'number' || typeof saving !== 'number' || saving % evaluating === 0) return null;
  return {
    path: 'training.save_steps',
    message: `is ${saving}, no multiple of training.eval_steps ${evaluating}, which training.load_best_model_at_end needs`,
  };
}

function checkBestMetricIsNamed(values: Values): ReturnType<CrossCheck> {
  if (!savesBest(values) || values.get('training.load_best_model_at_end') !== false) return null;
  if (values.get('training.metric_for_best_model') !== null) return null;
  return {
    path: 'training.metric_for_best_model',
    message: 'is missing; training.save_strategy best needs it, or training.load_best_model_at_end',
  };
}

function checkBleuIsMeasured(values: Values): ReturnType<CrossCheck> {
  const metric = values.get('training.metric_for_best_model');
  if (typeof metric !== 'string' || !metric.endsWith('bleu')) return null;
  if (values.get('training.predict_with_generate') !== false) return null;
  return {
    path: 'training.metric_for_best_model',
    message: `is ${metric}, which is not measured while training.predict_with_generate is false`,
  };
}

function checkGreaterIsUsed(values: Values): ReturnType<CrossCheck> {
  const greater = values.get('training.greater_is_better') ?? null;
  if (greater === null || values.get('training.metric_for_best_model') !== null) return null;
  if (values.get('training.load_best_model_at_end') !== false) return null;
  return { path: 'training.greater_is_better', message: 'has no meaning without training.metric_for_best_model' };
}

function checkPatience(values: Values): ReturnType<CrossCheck> {
  const patience = values.get('training.early_stopping_patience') ?? null;
  if (patience === null || values.get('training.load_best_model_at_end') !== false) return null;
  return {
    path: 'training.early_stopping_patience',
    message: `is ${patience}, which needs training.load_best_model_at_end: true`,
  };
}

function checkThreshold(values: Values): ReturnType<CrossCheck> {
  const threshold = values.get('training.early_stopping_threshold') ?? 0;
  if (threshold === 0 || values.get('training.early_stopping_patience') !== null) return null;
  return {
    path: 'training.early_stopping_threshold',
    message: `is ${threshold}, which has no meaning without training.early_stopping_patience`,
  };
}

function savesBest(values: Values): boolean {
  return values.get('training.save_strategy') === 'best';
}
