/** Rules that hold between fields. Each looks at sound values only: a field with a problem of its own is absent. */
import { bestModelChecks } from './best-model-checks.ts';
import type { CrossCheck, CrossProblem, Values } from './cross-check.ts';
import type { FieldPath } from './experiment-fields.ts';

export const crossChecks: readonly CrossCheck[] = [
  (values) => checkSize(values, 'data.train_size'),
  (values) => checkSize(values, 'data.validation_size'),
  checkSizesTogether,
  (values) => checkSizeIsUsed(values, 'data.train_size'),
  (values) => checkSizeIsUsed(values, 'data.validation_size'),
  checkLanguagesDiffer,
  (values) => checkColumnsDiffer(values, 'data.corpus'),
  (values) => checkColumnsDiffer(values, 'data.validation_corpus'),
  (values) => checkHeaderIsRead(values, 'data.corpus', 'source_header'),
  (values) => checkHeaderIsRead(values, 'data.corpus', 'target_header'),
  (values) => checkHeaderIsRead(values, 'data.validation_corpus', 'source_header'),
  (values) => checkHeaderIsRead(values, 'data.validation_corpus', 'target_header'),
  (values) => checkFieldsDiffer(values, 'data.corpus'),
  (values) => checkFieldsDiffer(values, 'data.validation_corpus'),
  checkMaxSteps,
  checkWarmup,
  checkScheduleWarmsUp,
  checkEvalSteps,
  ...bestModelChecks,
  checkHubModelId,
  checkPushIsSaved,
  (values) => checkBeamOption(values, 'generation.length_penalty'),
  (values) => checkBeamOption(values, 'generation.early_stopping'),
];

/** A share lies below 1 and a count is whole: 1 could be meant as either and leaves nothing to the other part. */
function checkSize(values: Values, path: 'data.train_size' | 'data.validation_size'): CrossProblem | null {
  const size = numberAt(values, path);
  if (size === null || size < 1 || (size > 1 && Number.isInteger(size))) return null;
  return { path, message: `is ${size}; expected a share below 1 or a whole number of pairs above 1` };
}

function checkSizesTogether(values: Values): CrossProblem | null {
  const train = numberAt(values, 'data.train_size');
  const validation = numberAt(values, 'data.validation_size');
  // Shares as decimals: 0.9 + 0.1 may pass 1 by a rounding.
  if (train === null || validation === null || train >= 1 || validation >= 1 || train + validation <= 1 + 1e-9) {
    return null;
  }
  return {
    path: 'data.validation_size',
    message: `is ${validation}, which with data.train_size ${train} makes more than the whole; expected a sum of at most 1`,
  };
}

function checkSizeIsUsed(values: Values, path: 'data.train_size' | 'data.validation_size'): CrossProblem | null {
  const isSplit = (values.get('data.validation_corpus.format') ?? null) === null;
  if (isSplit || numberAt(values, path) === null) return null;
  return {
    path,
    message: 'has no meaning beside data.validation_corpus, which is the held-out part; use data.max_train_samples',
  };
}

function checkLanguagesDiffer(values: Values): CrossProblem | null {
  const source = values.get('data.source_lang');
  if (source === undefined || source !== values.get('data.target_lang')) return null;
  return { path: 'data.target_lang', message: `is ${String(source)}, the same as data.source_lang` };
}

function checkColumnsDiffer(values: Values, corpus: 'data.corpus' | 'data.validation_corpus'): CrossProblem | null {
  const sourceName = nameAt(values, `${corpus}.source_header`);
  const targetName = nameAt(values, `${corpus}.target_header`);
  if (sourceName !== null && sourceName === targetName) {
    return { path: `${corpus}.target_header`, message: `is ${sourceName}, the same as source_header` };
  }
  // A named column may stand anywhere.
  if (sourceName !== null || targetName !== null) return null;
  const column = numberAt(values, `${corpus}.source_column`);
  if (column === null || column !== numberAt(values, `${corpus}.target_column`)) return null;
  return { path: `${corpus}.target_column`, message: `is ${column}, the same as source_column` };
}

function checkHeaderIsRead(
  values: Values,
  corpus: 'data.corpus' | 'data.validation_corpus',
  key: 'source_header' | 'target_header',
): CrossProblem | null {
  const path = `${corpus}.${key}` as const;
  const name = nameAt(values, path);
  if (name === null || values.get(`${corpus}.has_header`) !== false) return null;
  return { path, message: `is ${name} while has_header is false; columns without a header have numbers only` };
}

function checkFieldsDiffer(values: Values, corpus: 'data.corpus' | 'data.validation_corpus'): CrossProblem | null {
  const field = nameAt(values, `${corpus}.source_field`);
  if (field === null || field !== nameAt(values, `${corpus}.target_field`)) return null;
  return { path: `${corpus}.target_field`, message: `is ${field}, the same as source_field` };
}

/** A text that is given, null where it is empty or not in use. */
function nameAt(values: Values, path: FieldPath): string | null {
  const text = values.get(path);
  return typeof text === 'string' && text !== '' ? text : null;
}

function checkMaxSteps(values: Values): CrossProblem | null {
  if (numberAt(values, 'training.max_steps') !== 0) return null;
  return {
    path: 'training.max_steps',
    message: 'is 0; expected a number of steps, or -1 to train for num_train_epochs',
  };
}

function checkWarmup(values: Values): CrossProblem | null {
  const steps = numberAt(values, 'training.warmup_steps') ?? 0;
  const ratio = numberAt(values, 'training.warmup_ratio') ?? 0;
  if (steps === 0 || ratio === 0) return null;
  return {
    path: 'training.warmup_ratio',
    message: `is ${ratio} while training.warmup_steps is ${steps}; give one of the two`,
  };
}

function checkScheduleWarmsUp(values: Values): CrossProblem | null {
  if (values.get('training.lr_scheduler_type') !== 'constant') return null;
  const hasWarmup = (['training.warmup_steps', 'training.warmup_ratio'] as const).some(
    (path) => (numberAt(values, path) ?? 0) > 0,
  );
  if (!hasWarmup) return null;
  return {
    path: 'training.lr_scheduler_type',
    message: 'is constant, which has no warm-up; use constant_with_warmup, or set the warm-up to 0',
  };
}

function checkEvalSteps(values: Values, isGiven: (path: FieldPath) => boolean): CrossProblem | null {
  if (values.get('training.eval_strategy') !== 'steps' || isGiven('training.eval_steps')) return null;
  return { path: 'training.eval_steps', message: 'is missing; training.eval_strategy steps needs it' };
}

/** transformers makes the name from output_dir; a run's folder is no name to publish under. */
function checkHubModelId(values: Values): CrossProblem | null {
  const id = values.get('training.hub_model_id');
  if (id === undefined) return null; // it has a problem of its own
  if (values.get('training.push_to_hub') === true && id === null) {
    return { path: 'training.hub_model_id', message: 'is missing; training.push_to_hub needs it' };
  }
  if (values.get('training.push_to_hub') !== false || id === null) return null;
  return { path: 'training.hub_model_id', message: `is ${String(id)} while training.push_to_hub is false` };
}

function checkPushIsSaved(values: Values): CrossProblem | null {
  if (values.get('training.push_to_hub') !== true || values.get('training.save_strategy') !== 'no') return null;
  return { path: 'training.save_strategy', message: 'is no; training.push_to_hub pushes what is saved' };
}

function checkBeamOption(
  values: Values,
  path: 'generation.length_penalty' | 'generation.early_stopping',
): CrossProblem | null {
  if (numberAt(values, 'generation.num_beams') !== 1 || (values.get(path) ?? null) === null) return null;
  return { path, message: 'has no meaning in greedy search: remove it, or set generation.num_beams above 1' };
}

function numberAt(values: Values, path: FieldPath): number | null {
  const value = values.get(path);
  return typeof value === 'number' ? value : null;
}
