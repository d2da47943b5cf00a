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

const PRECISION = 'not needed: precision, beside model and device, is auto, f32 or bf16';
const DEVICE = 'not needed: device, beside model, is auto, native, wasm, cpu or cuda';
const MEMORY = 'not needed: memory is freed as soon as a step allows; a smaller batch takes less';
const DATA_IN_MEMORY = 'not needed: all pairs are tokenized once and held in memory';

/** Names of Hugging Face's arguments that have no counterpart, with the reason. */
const needlessNames: Readonly<Record<string, string>> = {
  output_dir: 'not needed: checkpoints go to the folder of the run in the store',
  overwrite_output_dir: 'not needed: each run has a folder of its own in the store',
  logging_dir: 'not needed: every run is in the store, with all its points; "bleubird export" writes them out',
  resume_from_checkpoint: 'not needed: use "bleubird resume RUN", or "bleubird run FILE --resume-from FOLDER"',
  order: "not needed: the order of batches is always Trainer's, drawn from training.seed; see training.group_by_length",
  optim:
    'not needed: the optimizer is always AdamW; see training.adam_beta1, adam_beta2, adam_epsilon and weight_decay',
  fp16: PRECISION,
  bf16: PRECISION,
  fp16_full_eval: PRECISION,
  bf16_full_eval: PRECISION,
  tf32: PRECISION,
  half_precision_backend: PRECISION,
  no_cuda: DEVICE,
  use_cpu: DEVICE,
  gradient_checkpointing: MEMORY,
  eval_accumulation_steps: MEMORY,
  torch_empty_cache_steps: MEMORY,
  torch_compile: 'not needed: the kernels of the native device are compiled already',
  auto_find_batch_size: 'not needed: set training.per_device_train_batch_size; "bleubird doctor" tells the memory',
  dataloader_num_workers: DATA_IN_MEMORY,
  dataloader_pin_memory: DATA_IN_MEMORY,
  dataloader_persistent_workers: DATA_IN_MEMORY,
  dataloader_prefetch_factor: DATA_IN_MEMORY,
  dataloader_drop_last: 'not supported: the last batch of an epoch is trained on too, however small',
  remove_unused_columns: 'not needed: of a corpus its two sides alone are read',
  label_names: 'not needed: of a corpus its two sides alone are read',
  data_seed: 'not needed: training.seed decides the order; data.split_seed the split',
  save_safetensors: 'not needed: weights are always saved as safetensors',
  save_only_model: 'not supported: every checkpoint can be resumed from; training.save_total_limit keeps them few',
  disable_tqdm: 'not needed: "bleubird run --no-ui" prints lines, --json events',
  local_rank: 'not needed: a run trains on one machine',
  hub_token: 'not wanted in a file that is shared: set HF_TOKEN, or log in with "hf auth login"',
  hub_always_push: 'not needed: a save waits for its turn while another is pushed',
  report_to: 'not needed: every run is in the store; "bleubird ls", "show" and "export" report on it',
  run_name: 'not needed: the run is called what name says',
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
