import type { TrainingConfig } from '../../../src/engine/config/experiment.ts';

/** Trainer's default recipe where the fixtures do not say otherwise. */
export const recipe: TrainingConfig = {
  learning_rate: 0.05,
  per_device_train_batch_size: 2,
  per_device_eval_batch_size: 2,
  gradient_accumulation_steps: 1,
  num_train_epochs: 2,
  max_steps: -1,
  weight_decay: 0.1,
  adam_beta1: 0.9,
  adam_beta2: 0.999,
  adam_epsilon: 1e-8,
  max_grad_norm: 1,
  lr_scheduler_type: 'linear',
  warmup_steps: 0,
  warmup_ratio: 0,
  label_smoothing_factor: 0,
  dropout: null,
  group_by_length: false,
  logging_steps: 1,
  eval_strategy: 'no',
  eval_steps: 2,
  save_strategy: 'no',
  save_steps: 2,
  save_total_limit: null,
  seed: 42,
};
