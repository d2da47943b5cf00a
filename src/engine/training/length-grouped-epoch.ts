/**
 * The order of an epoch, and of an evaluation, under `group_by_length`. Unlike the plain order it has no generator of its
 * own: transformers' Trainer shuffles with torch's global one, seeded once when it is made. Whatever else draws from it
 * decides the order too: data loaders, evaluations, each layer of Marian (for layerdrop, at 0 as well), and dropout where it
 * is computed on the CPU. On a GPU dropout has a stream of its own: that is the order here, with and without dropout.
 */
import type { TrainingConfig } from '../config/experiment.ts';
import { lengthGroupedOrder } from '../data/epoch-order.ts';
import type { TrainingPlan } from './training-plan.ts';

/** What draws from the stream beside the order itself. */
export interface OtherDraws {
  /** Of the model, encoder and decoder together: each draws once in a forward pass of the training. */
  readonly layers: number;
  /** Whether the untouched model is scored before the first step. */
  readonly isEvaluatedBefore: boolean;
  /** Of each evaluation. */
  readonly evaluatedSentences: number;
}

export const NO_OTHER_DRAWS: OtherDraws = { layers: 0, isEvaluatedBefore: false, evaluatedSentences: 0 };

/** A new data loader takes 64 bits from the stream, the base seed of workers. */
const LOADER_WORDS = 2;

/** The training that draws from the stream. */
interface Training {
  readonly config: TrainingConfig;
  readonly plan: Pick<TrainingPlan, 'batchesPerEpoch' | 'stepsPerEpoch'>;
  readonly otherDraws: OtherDraws;
}

/**
 * Gives the order of an epoch as transformers 4.47 has it. (In 5.23 layers draw nothing, and of an evaluation only its loader.)
 *
 * @param lengths  of each example's source, in pieces
 * @param epoch    counted from 0
 */
export function lengthGroupedEpoch(
  options: Training & { readonly lengths: readonly number[]; readonly epoch: number },
): number[] {
  const { lengths, config, plan, epoch } = options;
  const step = epoch * plan.stepsPerEpoch;
  return lengthGroupedOrder({
    lengths,
    batchSize: config.per_device_train_batch_size * config.gradient_accumulation_steps,
    seed: config.seed,
    words: wordsBefore({ ...options, trainingSentences: lengths.length, step, evaluatedSteps: step }),
  });
}

/**
 * Gives the order in which an evaluation goes through its sentences, as transformers 4.47 has it.
 *
 * @param lengths  of each evaluated source, in pieces
 * @param step     after which it is made; 0 before the training
 */
export function lengthGroupedEvaluation(
  options: Training & {
    readonly lengths: readonly number[];
    readonly trainingSentences: number;
    readonly step: number;
  },
): number[] {
  const { lengths, config, step } = options;
  return lengthGroupedOrder({
    lengths,
    batchSize: config.per_device_eval_batch_size,
    seed: config.seed,
    words: wordsBefore({ ...options, evaluatedSteps: step - 1 }),
  });
}

/**
 * What is drawn before an order: by the training up to `step`, by the evaluations up to those after step `evaluatedSteps` (none
 * where it is below 0), and by the loader that is about to ask for the order.
 */
function wordsBefore(
  options: Training & {
    readonly trainingSentences: number;
    readonly step: number;
    readonly evaluatedSteps: number;
  },
): number {
  const { config, plan, otherDraws, trainingSentences, step, evaluatedSteps } = options;
  const { layers, isEvaluatedBefore, evaluatedSentences } = otherDraws;
  const epochs = Math.floor(step / plan.stepsPerEpoch);
  const batchesBegun = (step % plan.stepsPerEpoch) * config.gradient_accumulation_steps;
  const orders = epochs + Number(batchesBegun > 0);
  const batches = epochs * plan.batchesPerEpoch + batchesBegun;
  const evaluations =
    evaluatedSteps < 0 ? 0 : Number(isEvaluatedBefore) + evaluationsThrough(evaluatedSteps, config, plan);
  return (
    orders * orderWords(trainingSentences) +
    batches * layers +
    evaluations * orderWords(evaluatedSentences) +
    LOADER_WORDS
  );
}

/** Evaluations that are due while training, up to those after a step. */
function evaluationsThrough(step: number, config: TrainingConfig, { stepsPerEpoch }: { stepsPerEpoch: number }) {
  switch (config.eval_strategy) {
    case 'no':
      return 0;
    case 'epoch':
      return Math.floor(step / stepsPerEpoch);
    case 'steps':
      return Math.floor(step / config.eval_steps);
    default:
      return config.eval_strategy satisfies never;
  }
}

/** What a loader and the order it asks for take. */
function orderWords(n: number): number {
  return LOADER_WORDS + Math.max(0, n - 1);
}
