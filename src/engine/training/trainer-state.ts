/**
 * trainer_state.json: where a training stands, in the keys of transformers' TrainerState, so that its tools read it, and
 * what a resumed training of ours needs beside them.
 */
import * as z from 'zod';
import type { DataConfig, TrainingConfig } from '../config/experiment.ts';
import type { BestModel } from './best-model.ts';
import type { LogEntry, TrainingLogState } from './training-log.ts';
import type { TrainingPlan } from './training-plan.ts';

/** Where a training stands after a step. */
export interface TrainingState {
  readonly step: number;
  /** Epochs done, with their fraction. */
  readonly epoch: number;
  readonly log: TrainingLogState;
  readonly best: BestModel;
  /** Step of the checkpoint that holds the best model; null while none does. */
  readonly bestCheckpoint: number | null;
  /** The evaluation due at this step has not been made: the training was stopped before it. */
  readonly isEvaluationPending: boolean;
}

/** What the numbers of a training depend on: a checkpoint can be resumed only where it is the same. */
export interface TrainingBasis {
  readonly training: TrainingConfig;
  readonly data: DataConfig;
  /** sha256 of the corpus. */
  readonly dataHash: string;
  readonly trainSize: number;
  /** Whether the untouched model is scored; that and the next decide the order under `group_by_length`. */
  readonly isEvaluatedBefore: boolean;
  readonly evaluatedSentences: number;
}

const count = z.number().int().nonnegative();

/** Order and dropout masks follow from the seed and the step: no generator's state is needed. */
const bleubirdState = z.object({
  version: z.literal(2),
  training: z.record(z.string(), z.unknown()),
  data: z.record(z.string(), z.unknown()),
  data_hash: z.string(),
  train_size: count,
  /** Absent in older ones. */
  is_evaluated_before: z.boolean().optional(),
  evaluated_sentences: count.optional(),
  batches_per_epoch: count,
  best_step: count.nullable(),
  best_checkpoint: count.nullable(),
  bad_evaluations: count,
  is_evaluation_pending: z.boolean(),
  loss_sum: z.number(),
  steps_in_sum: count,
  logged_loss_sum: z.number(),
});

const storedState = z.object({
  global_step: count,
  epoch: z.number(),
  log_history: z.array(z.looseObject({ step: count, epoch: z.number() })),
  best_metric: z.number().nullable(),
  stateful_callbacks: z.object({ bleubird: bleubirdState }),
});

/** The file as transformers' TrainerState writes it. */
export interface TrainerState extends z.infer<typeof storedState> {
  readonly [key: string]: unknown;
}

/**
 * Describes the training as it stands after a step.
 *
 * @param checkpointPath  gives the folder of the checkpoint of a step
 */
export function trainerState(
  state: TrainingState,
  plan: TrainingPlan,
  { training, data, dataHash, trainSize, isEvaluatedBefore, evaluatedSentences }: TrainingBasis,
  checkpointPath: (step: number) => string,
): TrainerState {
  const { step, epoch, log, best, bestCheckpoint } = state;
  return {
    // best_global_step of newer versions would make transformers 4.47 refuse the file.
    best_metric: best.metric,
    best_model_checkpoint: bestCheckpoint === null ? null : checkpointPath(bestCheckpoint),
    epoch,
    eval_steps: training.eval_steps,
    global_step: step,
    is_hyper_param_search: false,
    is_local_process_zero: true,
    is_world_process_zero: true,
    log_history: [...log.history],
    logging_steps: training.logging_steps,
    max_steps: plan.totalSteps,
    num_input_tokens_seen: 0,
    num_train_epochs: plan.epochs,
    save_steps: training.save_steps,
    // The one place where transformers lets others keep state: an unknown key elsewhere makes it refuse the file.
    stateful_callbacks: {
      ...earlyStoppingCallback(training, best),
      bleubird: {
        version: 2,
        training: { ...training },
        data: { ...data },
        data_hash: dataHash,
        train_size: trainSize,
        is_evaluated_before: isEvaluatedBefore,
        evaluated_sentences: evaluatedSentences,
        batches_per_epoch: plan.batchesPerEpoch,
        best_step: best.step,
        best_checkpoint: bestCheckpoint,
        bad_evaluations: best.badEvaluations,
        is_evaluation_pending: state.isEvaluationPending,
        loss_sum: log.lossSum,
        steps_in_sum: log.stepsInSum,
        logged_loss_sum: log.loggedLossSum,
      },
    },
    total_flos: 0,
    train_batch_size: training.per_device_train_batch_size,
    trial_name: null,
    trial_params: null,
  };
}

/** What a checkpoint says of the training it was made by. */
export interface StoredTraining {
  readonly state: TrainingState;
  readonly basis: Pick<TrainingBasis, 'dataHash' | 'trainSize'> & {
    readonly training: Readonly<Record<string, unknown>>;
    readonly data: Readonly<Record<string, unknown>>;
    readonly isEvaluatedBefore?: boolean | undefined;
    readonly evaluatedSentences?: number | undefined;
  };
}

/** Reads a parsed trainer_state.json. @returns null when it is none of ours */
export function readTrainerState(json: unknown): StoredTraining | null {
  const parsed = storedState.safeParse(json);
  if (!parsed.success) return null;
  const { global_step: step, epoch, log_history, best_metric: metric, stateful_callbacks } = parsed.data;
  const own = stateful_callbacks.bleubird;
  const history = log_history as LogEntry[];
  return {
    state: {
      step,
      epoch,
      log: {
        history,
        lossSum: own.loss_sum,
        stepsInSum: own.steps_in_sum,
        loggedLossSum: own.logged_loss_sum,
      },
      best: { metric, step: own.best_step, badEvaluations: own.bad_evaluations },
      bestCheckpoint: own.best_checkpoint,
      isEvaluationPending: own.is_evaluation_pending,
    },
    basis: {
      training: own.training,
      data: own.data,
      dataHash: own.data_hash,
      trainSize: own.train_size,
      isEvaluatedBefore: own.is_evaluated_before,
      evaluatedSentences: own.evaluated_sentences,
    },
  };
}

/** As EarlyStoppingCallback itself exports its state, so that Trainer could take it up. */
function earlyStoppingCallback(training: TrainingConfig, { badEvaluations }: BestModel): Record<string, unknown> {
  const { early_stopping_patience, early_stopping_threshold } = training;
  if (early_stopping_patience === null) return {};
  return {
    EarlyStoppingCallback: {
      args: { early_stopping_patience, early_stopping_threshold },
      attributes: { early_stopping_patience_counter: badEvaluations },
    },
  };
}
