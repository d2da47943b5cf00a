import { trainingConfig } from '../../support/experiment.ts';

/** What the fixtures were made with, where they do not say otherwise. */
export const recipe = trainingConfig({
  learning_rate: 0.05,
  per_device_train_batch_size: 2,
  per_device_eval_batch_size: 2,
  num_train_epochs: 2,
  weight_decay: 0.1,
  eval_steps: 2,
  save_steps: 2,
});
