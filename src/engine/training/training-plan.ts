/**
 * How many steps a training makes and where it evaluates, saves and logs: the arithmetic of transformers' Trainer, of 4.47
 * or of 5 as the recipe's compatibility says. In both an epoch's last, incomplete group of micro-batches makes a step of its
 * own; 4.47 leaves it out of the total, so that a training can end before its last epoch does.
 */
import type { Strategy, TrainingConfig } from '../config/experiment.ts';

export interface TrainingPlan {
  /** Micro-batches of one epoch; the last may be smaller. */
  readonly batchesPerEpoch: number;
  /** Optimizer steps of one whole epoch. */
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** Epochs planned; `totalSteps` may cut the last short, or end before it. */
  readonly epochs: number;
}

type PlanConfig = Pick<
  TrainingConfig,
  'per_device_train_batch_size' | 'gradient_accumulation_steps' | 'num_train_epochs' | 'max_steps' | 'compatibility'
>;

/** Plans the steps over `exampleCount` examples (at least 1). */
export function planTraining(exampleCount: number, config: PlanConfig): TrainingPlan {
  const batchesPerEpoch = Math.ceil(exampleCount / config.per_device_train_batch_size);
  const stepsPerEpoch = Math.ceil(batchesPerEpoch / config.gradient_accumulation_steps);
  const wholeGroups = Math.max(1, Math.floor(batchesPerEpoch / config.gradient_accumulation_steps));
  const countedSteps = config.compatibility === 'transformers-5' ? stepsPerEpoch : wholeGroups;
  if (config.max_steps > 0) {
    const epochs = Math.ceil(config.max_steps / countedSteps);
    return { batchesPerEpoch, stepsPerEpoch, totalSteps: config.max_steps, epochs };
  }
  const totalSteps = Math.ceil(config.num_train_epochs * countedSteps);
  return { batchesPerEpoch, stepsPerEpoch, totalSteps, epochs: Math.ceil(config.num_train_epochs) };
}

export interface StepMoment {
  /** Steps made, this one included. */
  readonly step: number;
  readonly isLastOfEpoch: boolean;
  /** The last of the training. */
  readonly isLast: boolean;
}

/** Whether to evaluate after a step. Of steps the last is one to evaluate after in transformers 5 alone. */
export function isEvaluationDue(
  { eval_strategy, eval_steps, compatibility }: Pick<TrainingConfig, 'eval_strategy' | 'eval_steps' | 'compatibility'>,
  moment: StepMoment,
): boolean {
  const isDueAtEnd = eval_strategy === 'steps' && compatibility === 'transformers-5';
  return isDue(eval_strategy, eval_steps, moment) || (isDueAtEnd && moment.isLast);
}

/** Whether to save after a step: after the last wherever checkpoints are wanted. */
export function isSaveDue(strategy: Strategy, everySteps: number, moment: StepMoment): boolean {
  return isDue(strategy, everySteps, moment) || (strategy !== 'no' && moment.isLast);
}

/** Whether a strategy's moment has come. With `epoch` an epoch cut short by the end counts as one. */
export function isDue(strategy: Strategy, everySteps: number, moment: StepMoment): boolean {
  switch (strategy) {
    case 'no':
      return false;
    case 'epoch':
      return moment.isLastOfEpoch || moment.isLast;
    case 'steps':
      return moment.step % everySteps === 0;
    default:
      return strategy satisfies never;
  }
}
