/** Says what an unknown key of an experiment file was probably meant to be. */
import { experimentFields, sectionPaths } from './experiment-fields.ts';
import { nearestName } from './nearest-name.ts';

/** Names that people bring along from elsewhere, with the field that means the same here. */
const otherNames: Readonly<Record<string, string>> = {
  lr: 'training.learning_rate',
  batch_size: 'training.per_device_train_batch_size',
  train_batch_size: 'training.per_device_train_batch_size',
  eval_batch_size: 'training.per_device_eval_batch_size',
  epochs: 'training.num_train_epochs',
  evaluation_strategy: 'training.eval_strategy',
  scheduler: 'training.lr_scheduler_type',
  lr_scheduler: 'training.lr_scheduler_type',
  label_smoothing: 'training.label_smoothing_factor',
  gradient_clip: 'training.max_grad_norm',
  beams: 'generation.num_beams',
  generation_num_beams: 'generation.num_beams',
  generation_max_length: 'generation.max_length',
  max_input_length: 'data.max_source_length',
  test_size: 'data.validation_size',
  val_size: 'data.validation_size',
  source_language: 'data.source_lang',
  target_language: 'data.target_lang',
  model_name_or_path: 'model',
  model_checkpoint: 'model',
  base_model: 'model',
};

/** Names of Hugging Face's arguments that have no counterpart, with the reason. */
const needlessNames: Readonly<Record<string, string>> = {
  output_dir: 'not needed: checkpoints go to the folder of the run in the store',
  fp16: 'not needed: precision, beside model and device, is auto, f32 or bf16',
  bf16: 'not needed: precision, beside model and device, is auto, f32 or bf16',
  hub_token: 'not wanted in a file that is shared: set HF_TOKEN, or log in with "hf auth login"',
  hub_always_push: 'not needed: a save waits for its turn while another is pushed',
  report_to: 'not needed: every run is in the store',
  do_train: 'not needed: a run trains',
  do_eval: 'not needed: see evaluation.before, evaluation.after and training.eval_strategy',
};

/**
 * Describes an unknown key.
 *
 * @param path     dotted path of the key
 * @param section  dotted path of the mapping it stands in, '' at the top
 */
export function describeUnknownField(path: string, section: string): string {
  const key = section === '' ? path : path.slice(section.length + 1);
  const needless = Object.hasOwn(needlessNames, key) ? needlessNames[key] : undefined;
  if (needless !== undefined) return `unknown field, ${needless}`;
  const meant = findMeant(path, key, section);
  return meant === null ? `unknown field${listKeys(section)}` : `unknown field; did you mean ${meant}?`;
}

function findMeant(path: string, key: string, section: string): string | null {
  const other = Object.hasOwn(otherNames, key) ? otherNames[key] : undefined;
  if (other !== undefined) return other;
  const paths = [...experimentFields.map((field) => field.path as string), ...sectionPaths];
  const misplaced = paths.filter((candidate) => lastPart(candidate) === key && isNoCorpusField(candidate));
  if (misplaced.length === 1 && misplaced[0] !== undefined) return misplaced[0];
  const siblings = paths.filter((candidate) => parentOf(candidate) === section);
  const sibling = nearestName(key, siblings.map(lastPart));
  if (sibling !== null) return section === '' ? sibling : `${section}.${sibling}`;
  const anywhere = paths.filter(isNoCorpusField);
  const nearestKey = nearestName(key, anywhere.map(lastPart));
  return (
    anywhere.find((candidate) => lastPart(candidate) === nearestKey) ??
    (section === '' ? nearestName(path, paths) : null)
  );
}

function listKeys(section: string): string {
  const keys = [...experimentFields.map((field) => field.path as string), ...sectionPaths]
    .filter((path) => parentOf(path) === section)
    .map(lastPart);
  return `; known here: ${[...new Set(keys)].join(', ')}`;
}

function isNoCorpusField(path: string): boolean {
  return !path.includes('corpus.');
}

function parentOf(path: string): string {
  return path.includes('.') ? path.slice(0, path.lastIndexOf('.')) : '';
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
