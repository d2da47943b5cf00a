/**
 * How many steps a training makes and where it evaluates, saves and logs: the arithmetic of transformers' Trainer
 * (5.23: an epoch's last, incomplete group of micro-batches makes a step of its own; 4.47 left it out of the total).
 */
import type { Strategy, TrainingConfig } from '../config/experiment.ts';

export interface TrainingPlan {
  /** Micro-batches of one epoch; the last may be smaller. */
  readonly batchesPerEpoch: number;
  /** Optimizer steps of one whole epoch. */
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** Epochs begun; the last may be cut short by `totalSteps`. */
  readonly epochs: number;
}

type PlanConfig = Pick<
  TrainingConfig,
  'per_device_train_batch_size' | 'gradient_accumulation_steps' | 'num_train_epochs' | 'max_steps'
>;

/** Plans the steps over `exampleCount` examples (at least 1). */
export function planTraining(exampleCount: number, config: PlanConfig): TrainingPlan {
  const batchesPerEpoch = Math.ceil(exampleCount / config.per_device_train_batch_size);
  const stepsPerEpoch = Math.max(1, Math.ceil(batchesPerEpoch / config.gradient_accumulation_steps));
  if (config.max_steps > 0) {
    const epochs = Math.ceil(config.max_steps / stepsPerEpoch);
    return { batchesPerEpoch, stepsPerEpoch, totalSteps: config.max_steps, epochs };
  }
  const totalSteps = Math.ceil(config.num_train_epochs * stepsPerEpoch);
  return { batchesPerEpoch, stepsPerEpoch, totalSteps, epochs: Math.ceil(config.num_train_epochs) };
}

export interface StepMoment {
  /** Steps made, this one included. */
  readonly step: number;
  readonly isLastOfEpoch: boolean;
  /** The last of the training. */
  readonly isLast: boolean;
}

/**
 * Whether to save or evaluate after a step. With `steps` the last step always counts; with `epoch` an epoch cut short by
 * the end counts as one.
 */
export function isDue(strategy: Strategy, everySteps: number, moment: StepMoment): boolean {
  switch (strategy) {
    case 'no':
      return false;
    case 'epoch':
      return moment.isLastOfEpoch || moment.isLast;
    case 'steps':
      return moment.step % everySteps === 0 || moment.isLast;
    default:
      return strategy satisfies never;
  }
}
