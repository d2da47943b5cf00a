/**
 * The order of an epoch under `group_by_length`. Unlike the plain order it has no generator of its own: transformers' Trainer
 * shuffles with torch's global one, seeded once when it is made. Whatever else draws from it decides the order too: data
 * loaders, evaluations, each layer of Marian (for layerdrop, at 0 as well), and dropout where it is computed on the CPU. On a
 * GPU dropout has a stream of its own: that is the order here, with and without dropout.
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

/**
 * Gives the order of an epoch as transformers 4.47 has it. (In 5.23 layers draw nothing, and of an evaluation only its loader.)
 *
 * @param lengths  of each example's source, in pieces
 * @param epoch    counted from 0
 */
export function lengthGroupedEpoch(options: {
  readonly lengths: readonly number[];
  readonly config: TrainingConfig;
  readonly plan: Pick<TrainingPlan, 'batchesPerEpoch' | 'stepsPerEpoch'>;
  readonly otherDraws: OtherDraws;
  readonly epoch: number;
}): number[] {
  const { lengths, config, plan, otherDraws, epoch } = options;
  const { layers, isEvaluatedBefore, evaluatedSentences } = otherDraws;
  const epochWords = LOADER_WORDS + permutationWords(lengths.length) + plan.batchesPerEpoch * layers;
  const evaluationWords = LOADER_WORDS + permutationWords(evaluatedSentences);
  const evaluations = Number(isEvaluatedBefore) + evaluationsBefore(epoch, config, plan);
  return lengthGroupedOrder({
    lengths,
    batchSize: config.per_device_train_batch_size * config.gradient_accumulation_steps,
    seed: config.seed,
    words: epoch * epochWords + evaluations * evaluationWords + LOADER_WORDS,
  });
}

/** Evaluations that were due while training, before an epoch begins. */
function evaluationsBefore(epoch: number, config: TrainingConfig, { stepsPerEpoch }: { stepsPerEpoch: number }) {
  switch (config.eval_strategy) {
    case 'no':
      return 0;
    case 'epoch':
      return epoch;
    case 'steps':
      return Math.floor((epoch * stepsPerEpoch) / config.eval_steps);
    default:
      return config.eval_strategy satisfies never;
  }
}

function permutationWords(n: number): number {
  return Math.max(0, n - 1);
}
