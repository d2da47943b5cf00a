/** Settings that tests begin with: complete, valid, nothing unusual. A test names those that matter to it. */
import type { DataConfig, TrainingConfig } from '../../src/engine/config/experiment.ts';

/** Gives English to French over the corpus, with the default share held out. */
export function dataConfig(changes: Partial<DataConfig> & Pick<DataConfig, 'corpus'>): DataConfig {
  return {
    validation_corpus: null,
    source_lang: 'en',
    target_lang: 'fr',
    train_size: null,
    validation_size: null,
    split_seed: 42,
    source_prefix: '',
    max_source_length: 128,
    max_target_length: 128,
    max_train_samples: null,
    max_eval_samples: null,
    ...changes,
  };
}

/** Gives one epoch of AdamW with a linear schedule, that logs each step and neither evaluates nor saves on the way. */
export function trainingConfig(changes: Partial<TrainingConfig> = {}): TrainingConfig {
  return {
    learning_rate: 1e-3,
    per_device_train_batch_size: 4,
    per_device_eval_batch_size: 4,
    gradient_accumulation_steps: 1,
    num_train_epochs: 1,
    max_steps: -1,
    weight_decay: 0.01,
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
    logging_strategy: 'steps',
    logging_first_step: false,
    logging_steps: 1,
    eval_strategy: 'no',
    eval_steps: 1,
    predict_with_generate: true,
    save_strategy: 'no',
    save_steps: 1,
    save_total_limit: null,
    load_best_model_at_end: false,
    metric_for_best_model: null,
    greater_is_better: null,
    early_stopping_patience: null,
    early_stopping_threshold: 0,
    push_to_hub: false,
    hub_model_id: null,
    hub_private_repo: null,
    hub_strategy: 'every_save',
    compatibility: 'transformers-4',
    seed: 42,
    ...changes,
  };
}
