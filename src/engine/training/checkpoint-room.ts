/** Says before a training whether the checkpoints it will save fit on the disk. */
import type { Strategy, TrainingConfig } from '../config/experiment.ts';
import { freeBytesIn } from './free-space.ts';
import type { TrainingPlan } from './training-plan.ts';

/** The weights and AdamW's two moments of each, as float32. */
const BYTES_PER_PARAMETER = 12;

/** Gives about how many bytes a checkpoint of a model with so many parameters takes. */
export function checkpointBytes(parameters: number): number {
  return parameters * BYTES_PER_PARAMETER;
}

export interface RoomOptions {
  /** Where the checkpoints go, or a folder above it: one that exists. */
  readonly folder: string;
  readonly parameters: number;
  readonly plan: TrainingPlan;
  readonly training: Pick<
    TrainingConfig,
    'save_strategy' | 'save_steps' | 'save_total_limit' | 'eval_strategy' | 'eval_steps'
  >;
  /** Steps that are made already. */
  readonly stepsMade: number;
  /** Checkpoints that are there already. */
  readonly checkpointsThere: number;
  /** Of the disk, by default asked of the system. */
  readonly freeBytes?: number;
}

/** Gives a warning with numbers when the checkpoints still to come do not fit; null when they do, or the system does not say. */
export async function warningForRoom(options: RoomOptions): Promise<string | null> {
  const { folder, parameters, training } = options;
  const coming = additionalCheckpoints(options);
  const free = options.freeBytes ?? (await freeBytesIn(folder));
  const one = checkpointBytes(parameters);
  if (free === null || free >= coming * one) return null;
  const what = coming === 1 ? 'one more checkpoint is' : `up to ${coming} more checkpoints at once are`;
  const cure = training.save_total_limit === null ? ' training.save_total_limit keeps fewer.' : '';
  return `The disk may fill: ${what} to come, of about ${megabytes(one)} each; ${folder} has ${megabytes(free)} free.${cure}`;
}

/** How many checkpoints there will be at once beyond those that are there. */
function additionalCheckpoints({ plan, training, stepsMade, checkpointsThere }: RoomOptions): number {
  const { save_strategy, save_total_limit: limit } = training;
  const saves =
    save_strategy === 'best'
      ? timesDue(training.eval_strategy, training.eval_steps, plan, stepsMade)
      : timesDue(save_strategy, training.save_steps, plan, stepsMade);
  if (limit === null) return saves;
  // The best one stays beside the newest, whatever the limit; a new one is written before the oldest goes.
  return Math.min(saves, Math.max(0, Math.max(2, limit) - checkpointsThere) + 1);
}

/** How often `isDue` will still say yes. */
function timesDue(strategy: Strategy, everySteps: number, plan: TrainingPlan, stepsMade: number): number {
  if (strategy === 'no') return 0;
  const every = strategy === 'epoch' ? plan.stepsPerEpoch : everySteps;
  return Math.max(0, Math.ceil(plan.totalSteps / every) - Math.floor(stepsMade / every));
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
