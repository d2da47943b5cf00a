/**
 * The training itself, in the order of the mathematics: order → batch → loss → gradients → clip → step → report.
 * It knows the model, the examples and the numbers of the recipe; what to log, save or evaluate is the caller's, in `onStep`.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { TrainingConfig } from '../config/experiment.ts';
import { epochOrder, lengthGroupedOrder } from '../data/epoch-order.ts';
import type { Batch, Example } from '../data/example.ts';
import { padBatch } from '../data/pad-batch.ts';
import type { LossOptions, Seq2SeqModel } from '../model/seq2seq-model.ts';
import type { AdamW } from './adamw.ts';
import { divergence } from './divergence.ts';
import { dropoutSeed } from './dropout-seed.ts';
import { clipByGlobalNorm, globalNorm } from './gradient-clipping.ts';
import { countWarmupSteps, learningRateSchedule } from './schedule.ts';
import type { StepMoment, TrainingPlan } from './training-plan.ts';

export interface StepReport extends StepMoment {
  /** Epochs done, with their fraction. */
  readonly epoch: number;
  /** Mean over the micro-batches of each one's mean, nats per target piece. */
  readonly loss: number;
  /** The rate this step was made with. */
  readonly learningRate: number;
  /** Global norm before clipping. */
  readonly gradientNorm: number;
  /** Examples in this step. */
  readonly samples: number;
  /** Micro-batches made since the training began. */
  readonly microSteps: number;
}

/** What the loop needs of a model. */
export type TrainableModel = Pick<Seq2SeqModel, 'parameters' | 'padTokenId' | 'loss'>;

export interface TrainingOptions {
  readonly model: TrainableModel;
  readonly examples: readonly Example[];
  readonly config: TrainingConfig;
  readonly plan: TrainingPlan;
  /** Made for `model`; stays the caller's. */
  readonly optimizer: AdamW;
  /** Called after each optimizer step, awaited before the next; its answer decides whether there is a next. */
  onStep(report: StepReport): Promise<'continue' | 'stop'>;
  /** Told the numbers of a step that is not applied because one of them is not finite. */
  onDivergence(report: Pick<StepReport, 'step' | 'loss' | 'learningRate' | 'gradientNorm'>): Promise<void>;
}

/**
 * Trains the model in place until the plan is fulfilled or `onStep` says stop.
 * @throws {RunFailedError} when a loss or gradient is not finite; the parameters are then those of the step before
 */
export async function trainModel(options: TrainingOptions): Promise<void> {
  const { model, examples, config, plan, optimizer } = options;
  const labelSmoothing = config.label_smoothing_factor;
  const learningRateAt = learningRateSchedule({
    type: config.lr_scheduler_type,
    learningRate: config.learning_rate,
    warmupSteps: countWarmupSteps(config, plan.totalSteps),
    totalSteps: plan.totalSteps,
  });
  let step = 0;
  let microSteps = 0;

  for (let epoch = 0; epoch < plan.epochs; epoch++) {
    const batches = chunks(exampleOrder(examples, config, epoch), config.per_device_train_batch_size);
    let batchesDone = 0;

    for (const group of chunks(batches, config.gradient_accumulation_steps)) {
      const gradients = new Map<string, tf.Tensor>();
      const learningRate = learningRateAt(step);
      let loss = 0;
      let gradientNorm: number;
      try {
        for (const rows of group) {
          await nextTurn(); // commands of the runner arrive here
          const batch = padBatch(pick(examples, rows), model.padTokenId);
          const lossOptions = { dropoutSeed: dropoutSeed(config.seed, microSteps), labelSmoothing };
          loss += await addGradients(gradients, model, batch, lossOptions, 1 / group.length);
          microSteps += 1;
        }
        gradientNorm = await globalNorm(gradients);
        if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
          await options.onDivergence({ step: step + 1, loss, learningRate, gradientNorm });
          throw divergence(describe(step + 1, loss, gradientNorm, learningRate));
        }
        clipByGlobalNorm(gradients, gradientNorm, config.max_grad_norm);
        optimizer.step(gradients, learningRate);
      } finally {
        tf.dispose([...gradients.values()]);
      }
      step += 1;
      batchesDone += group.length;

      const isLast = step === plan.totalSteps;
      const answer = await options.onStep({
        step,
        epoch: epoch + batchesDone / batches.length,
        isLastOfEpoch: batchesDone === batches.length,
        isLast,
        loss,
        learningRate,
        gradientNorm,
        samples: group.flat().length,
        microSteps,
      });
      if (isLast || answer === 'stop') return;
    }
  }
}

function exampleOrder(examples: readonly Example[], config: TrainingConfig, epoch: number): readonly number[] {
  const { seed, group_by_length } = config;
  if (!group_by_length) return epochOrder({ n: examples.length, seed, epoch });
  const lengths = examples.map(({ sourceIds }) => sourceIds.length);
  const batchSize = config.per_device_train_batch_size * config.gradient_accumulation_steps;
  return lengthGroupedOrder({ lengths, batchSize, seed, epoch });
}

/**
 * Adds `weight` times the gradients of one micro-batch to `gradients`, which owns what it holds.
 * @returns `weight` times the loss
 */
async function addGradients(
  gradients: Map<string, tf.Tensor>,
  model: TrainableModel,
  batch: Batch,
  lossOptions: LossOptions,
  weight: number,
): Promise<number> {
  const variables = [...model.parameters.values()];
  const { value, grads } = tf.variableGrads(
    () => tf.tidy(() => tf.mul<tf.Scalar>(model.loss(batch, lossOptions), weight)),
    variables,
  );
  for (const [name, variable] of model.parameters) {
    const gradient = grads[variable.name];
    if (gradient === undefined) continue; // not on the path to the loss
    const sum = gradients.get(name);
    if (sum === undefined) {
      gradients.set(name, gradient);
    } else {
      gradients.set(name, tf.add(sum, gradient));
      tf.dispose([sum, gradient]);
    }
  }
  const [loss] = await value.data();
  value.dispose();
  return loss ?? Number.NaN;
}

function describe(step: number, loss: number, gradientNorm: number, learningRate: number): string {
  const what = Number.isFinite(loss) ? `the gradient norm is ${gradientNorm}` : `the loss is ${loss}`;
  const rate = Number(learningRate.toPrecision(4));
  return `at step ${step}: ${what} at learning rate ${rate}; a finite number was expected. The step was not applied`;
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let start = 0; start < items.length; start += size) result.push(items.slice(start, start + size));
  return result;
}

function pick(examples: readonly Example[], rows: readonly number[]): Example[] {
  return rows.map((row) => {
    const example = examples[row];
    if (example === undefined) throw new RangeError(`The epoch's order names example ${row} of ${examples.length}.`);
    return example;
  });
}
