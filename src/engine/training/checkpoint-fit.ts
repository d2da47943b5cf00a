/**
 * Whether a training can go on from a checkpoint: everything that decides its numbers must be as it was. What may change
 * is how long it goes on and how it is watched: logging, evaluating, saving, stopping.
 */
import { ConfigError, type ConfigProblem } from '../../errors.ts';
import type { DataConfig, TrainingConfig } from '../config/experiment.ts';
import { findField } from '../config/experiment-fields.ts';
import { jsonExcerpt } from '../files/json-excerpt.ts';
import type { StoredTraining, TrainingBasis } from './trainer-state.ts';

const FREE_FIELDS: readonly (keyof TrainingConfig)[] = [
  'num_train_epochs',
  'max_steps',
  'per_device_eval_batch_size',
  'predict_with_generate',
  'logging_strategy',
  'logging_first_step',
  'logging_steps',
  'eval_strategy',
  'eval_steps',
  'save_strategy',
  'save_steps',
  'save_total_limit',
  'load_best_model_at_end',
  'early_stopping_patience',
  'early_stopping_threshold',
  'push_to_hub',
  'hub_model_id',
  'hub_private_repo',
  'hub_strategy',
];

/** Free while no best model is known: two metrics cannot be compared. */
const BEST_FIELDS: readonly (keyof TrainingConfig)[] = ['metric_for_best_model', 'greater_is_better'];

/** Decide the order of the next epochs under `group_by_length`. */
const ORDER_FIELDS: readonly (keyof TrainingConfig)[] = ['eval_strategy', 'eval_steps'];

/** A sha256 in quotes is shown whole. */
const LONGEST_SHOWN = 66;

/** The corpus and its split are compared by what came of them; these decide what an example is made of. */
const DATA_FIELDS: readonly (keyof DataConfig)[] = [
  'split_seed',
  'source_prefix',
  'max_source_length',
  'max_target_length',
];

/**
 * Checks that a training would go on as the one that wrote the checkpoint.
 * @throws {ConfigError} that names each difference
 */
export function assertCheckpointFits(checkpoint: string, stored: StoredTraining, now: TrainingBasis): void {
  const problems = differences(stored, now);
  if (problems.length === 0) return;
  throw new ConfigError(`The training cannot go on from ${checkpoint}: it is not the same training.`, problems, {
    hint: 'Restore these settings, or start a new run with `model:` naming the checkpoint.',
  });
}

function differences({ state, basis }: StoredTraining, now: TrainingBasis): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const compare = (path: string, was: unknown, is: unknown) => {
    if (was !== is) problems.push({ path, message: `is ${text(is)}, and was ${text(was)} when it was saved` });
  };
  const isOrderShared = now.training.group_by_length;
  const isFree = (name: keyof TrainingConfig) =>
    (FREE_FIELDS.includes(name) && !(isOrderShared && ORDER_FIELDS.includes(name))) ||
    (state.best.metric === null && BEST_FIELDS.includes(name));
  for (const [name, value] of Object.entries(now.training)) {
    if (isFree(name as keyof TrainingConfig)) continue;
    compare(`training.${name}`, storedValue(basis.training, 'training', name), value);
  }
  for (const name of DATA_FIELDS) compare(`data.${name}`, storedValue(basis.data, 'data', name), now.data[name]);
  compare('data.corpus (sha256)', basis.dataHash, now.dataHash);
  compare('data (pairs to train on)', basis.trainSize, now.trainSize);
  if (isOrderShared) {
    compare('evaluation.before', basis.isEvaluatedBefore, now.isEvaluatedBefore);
    compare('data (sentences to evaluate)', basis.evaluatedSentences, now.evaluatedSentences);
  }
  return problems;
}

/** A field that is younger than the checkpoint had its default then. */
function storedValue(stored: Readonly<Record<string, unknown>>, section: string, name: string): unknown {
  return name in stored ? stored[name] : findField(`${section}.${name}`)?.default;
}

function text(value: unknown): string {
  return value === null || value === undefined ? 'not given' : jsonExcerpt(value, LONGEST_SHOWN);
}
