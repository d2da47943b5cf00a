/**
 * trainer_state.json: where a training stands, in the keys of transformers' TrainerState, so that its tools read it, and
 * what a resumed training of ours needs beside them.
 */
import type { TrainingConfig } from '../config/experiment.ts';
import type { StepReport } from './training-loop.ts';
import type { TrainingPlan } from './training-plan.ts';

/** One line of the history: the metrics of a logged step or of an evaluation. */
export interface LogEntry {
  readonly step: number;
  readonly epoch: number;
  readonly [metric: string]: number;
}

/** Order and dropout masks follow from the seed, the epoch and these counts: no generator's state is needed. */
interface BleubirdState {
  readonly version: 1;
  readonly seed: number;
  readonly micro_steps: number;
  readonly batches_per_epoch: number;
  readonly steps_per_epoch: number;
  readonly training: TrainingConfig;
}

export interface TrainerState {
  readonly global_step: number;
  readonly epoch: number;
  readonly max_steps: number;
  readonly num_train_epochs: number;
  readonly train_batch_size: number;
  readonly logging_steps: number;
  readonly eval_steps: number;
  readonly save_steps: number;
  readonly log_history: readonly LogEntry[];
  readonly best_metric: null;
  readonly best_model_checkpoint: null;
  readonly is_hyper_param_search: false;
  readonly is_local_process_zero: true;
  readonly is_world_process_zero: true;
  readonly num_input_tokens_seen: 0;
  /** The one place where transformers lets others keep state: an unknown key elsewhere makes it refuse the file. */
  readonly stateful_callbacks: { readonly bleubird: BleubirdState };
  readonly total_flos: 0;
  readonly trial_name: null;
  readonly trial_params: null;
}

/** Describes the training as it stands after a step. */
export function trainerState(
  report: Pick<StepReport, 'step' | 'epoch' | 'microSteps'>,
  plan: TrainingPlan,
  config: TrainingConfig,
  history: readonly LogEntry[],
): TrainerState {
  return {
    best_metric: null,
    best_model_checkpoint: null,
    epoch: report.epoch,
    eval_steps: config.eval_steps,
    global_step: report.step,
    is_hyper_param_search: false,
    is_local_process_zero: true,
    is_world_process_zero: true,
    log_history: history,
    logging_steps: config.logging_steps,
    max_steps: plan.totalSteps,
    num_input_tokens_seen: 0,
    num_train_epochs: plan.epochs,
    save_steps: config.save_steps,
    stateful_callbacks: {
      bleubird: {
        version: 1,
        seed: config.seed,
        micro_steps: report.microSteps,
        batches_per_epoch: plan.batchesPerEpoch,
        steps_per_epoch: plan.stepsPerEpoch,
        training: config,
      },
    },
    total_flos: 0,
    train_batch_size: config.per_device_train_batch_size,
    trial_name: null,
    trial_params: null,
  };
}
