/**
 * The learning rate of each step, as transformers' `get_scheduler` gives it with its default settings.
 * Step 0 is the first: Trainer's scheduler moves on after the optimizer, so step n uses factor(n).
 */
import { ConfigError } from '../../errors.ts';
import type { SchedulerType, TrainingConfig } from '../config/experiment.ts';

/** Where transformers' polynomial schedule ends (`lr_end`); its power is 1. */
const POLYNOMIAL_END = 1e-7;

/** What multiplies the base rate once warm-up is over. `step` counts from 0, warm-up included. */
type Decay = (step: number, warmupSteps: number, totalSteps: number, baseRate: number) => number;

const decays: Readonly<Record<SchedulerType, Decay>> = {
  constant: () => 1,
  constant_with_warmup: () => 1,
  linear: (step, warmup, total) => Math.max(0, (total - step) / Math.max(1, total - warmup)),
  cosine: (step, warmup, total) => {
    const progress = (step - warmup) / Math.max(1, total - warmup);
    return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
  },
  polynomial: (step, warmup, total, baseRate) => {
    if (step > total || total === warmup) return POLYNOMIAL_END / baseRate;
    const remaining = 1 - (step - warmup) / (total - warmup);
    return ((baseRate - POLYNOMIAL_END) * remaining + POLYNOMIAL_END) / baseRate;
  },
};

export interface ScheduleOptions {
  readonly type: SchedulerType;
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly totalSteps: number;
}

/**
 * Gives the learning rate by the number of steps already made (0 before the first).
 * @throws {ConfigError} when a polynomial schedule would have to rise to its end
 */
export function learningRateSchedule(options: ScheduleOptions): (stepsMade: number) => number {
  const { type, learningRate, warmupSteps, totalSteps } = options;
  if (type === 'polynomial' && learningRate <= POLYNOMIAL_END) {
    throw new ConfigError('The schedule cannot be made.', [
      {
        path: 'training.learning_rate',
        message: `${learningRate} is not above ${POLYNOMIAL_END}, where the polynomial schedule ends.`,
      },
    ]);
  }
  const decay = decays[type];
  // `constant` knows no warm-up in transformers, whatever warmup_steps says.
  const warmup = type === 'constant' ? 0 : warmupSteps;
  return (stepsMade) =>
    learningRate * (stepsMade < warmup ? stepsMade / warmup : decay(stepsMade, warmup, totalSteps, learningRate));
}

/** Steps of linear warm-up: `warmup_steps` when above 0, else the share `warmup_ratio` of all steps, rounded up. */
export function countWarmupSteps(
  config: Pick<TrainingConfig, 'warmup_steps' | 'warmup_ratio'>,
  totalSteps: number,
): number {
  return config.warmup_steps > 0 ? config.warmup_steps : Math.ceil(totalSteps * config.warmup_ratio);
}
