import { expect, test } from 'vitest';
import { parseExperiment } from '../../../src/engine/config/parse-experiment.ts';
import { ConfigError } from '../../../src/errors.ts';

const minimal = `
model: models/demo
data:
  source_lang: en
  target_lang: fr
  corpus: {format: moses, source: a.en, target: a.fr}
`;

function messageOf(addition: string): string {
  try {
    parseExperiment(minimal + addition, { fileName: 'try.yaml', directory: '/exp' });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'no problem';
}

test.each([
  [
    'a best model without evaluations',
    'training: {load_best_model_at_end: true}',
    'training.eval_strategy: is no; training.load_best_model_at_end needs evaluations to find the best model',
  ],
  [
    'strategies that differ',
    'training: {load_best_model_at_end: true, eval_strategy: steps, eval_steps: 5}',
    'training.save_strategy: is epoch while training.eval_strategy is steps; training.load_best_model_at_end needs both the same, or best',
  ],
  [
    'save_steps between evaluations',
    'training: {load_best_model_at_end: true, eval_strategy: steps, eval_steps: 4, save_strategy: steps, save_steps: 6}',
    'training.save_steps: is 6, no multiple of training.eval_steps 4, which training.load_best_model_at_end needs',
  ],
  [
    'saving the best by nothing',
    'training: {save_strategy: best, eval_strategy: epoch}',
    'training.metric_for_best_model: is missing; training.save_strategy best needs it, or training.load_best_model_at_end',
  ],
  [
    'saving the best without evaluations',
    'training: {save_strategy: best, metric_for_best_model: loss}',
    'training.eval_strategy: is no; training.save_strategy best needs evaluations to find the best model',
  ],
  [
    'a BLEU that is not measured',
    'training: {metric_for_best_model: bleu, predict_with_generate: false}',
    'training.metric_for_best_model: is bleu, which is not measured while training.predict_with_generate is false',
  ],
  [
    'greater_is_better of nothing',
    'training: {greater_is_better: true}',
    'training.greater_is_better: has no meaning without training.metric_for_best_model',
  ],
  [
    'patience without a best model',
    'training: {early_stopping_patience: 3, eval_strategy: epoch}',
    'training.early_stopping_patience: is 3, which needs training.load_best_model_at_end: true',
  ],
  [
    'a threshold without patience',
    'training: {early_stopping_threshold: 0.1}',
    'training.early_stopping_threshold: is 0.1, which has no meaning without training.early_stopping_patience',
  ],
])('An experiment with %s is refused.', (_, addition, message) => {
  expect(messageOf(addition)).toContain(message);
});

test.each([
  'training: {load_best_model_at_end: true, eval_strategy: epoch, early_stopping_patience: 3, metric_for_best_model: bleu}',
  'training: {load_best_model_at_end: true, eval_strategy: steps, eval_steps: 4, save_strategy: best}',
  'training: {load_best_model_at_end: true, eval_strategy: steps, eval_steps: 4, save_strategy: steps, save_steps: 8}',
  'training: {metric_for_best_model: eval_loss, greater_is_better: false, predict_with_generate: false}',
])('An experiment may say %s.', (addition) => {
  expect(messageOf(addition)).toBe('no problem');
});
