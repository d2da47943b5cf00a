/**
 * The training itself, in the order of the mathematics: order → batch → loss → gradients → clip → step → report.
 * It knows the model, the examples and the numbers of the recipe; what to log, save or evaluate is the caller's, in `onStep`.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TrainingConfig } from '../config/experiment.ts';
import { epochOrder } from '../data/epoch-order.ts';
import type { Example } from '../data/example.ts';
import { packBatch } from '../data/pack-batch.ts';
import { ModelGradients } from '../model/model-gradients.ts';
import type { Seq2SeqModel } from '../model/seq2seq-model.ts';
import type { AdamW } from './adamw.ts';
import { divergence } from './divergence.ts';
import { dropoutSeed } from './dropout-seed.ts';
import { clippingScale, globalNorm } from './gradient-clipping.ts';
import { lengthGroupedEpoch, NO_OTHER_DRAWS, type OtherDraws } from './length-grouped-epoch.ts';
import { microBatchWeights } from './micro-batch-weights.ts';
import { countWarmupSteps, learningRateSchedule } from './schedule.ts';
import type { StepMoment, TrainingPlan } from './training-plan.ts';

export interface StepReport extends StepMoment {
  /** Epochs done, with their fraction. */
  readonly epoch: number;
  /** Of the micro-batches' means the mean, or what `microBatchWeights` makes of them; nats per target piece. */
  readonly loss: number;
  /** The rate this step was made with. */
  readonly learningRate: number;
  /** The rate a next step would be made with. */
  readonly nextLearningRate: number;
  /** Global norm before clipping. */
  readonly gradientNorm: number;
  /** Examples in this step. */
  readonly samples: number;
}

/** What the loop needs of a model. */
export type TrainableModel = Pick<Seq2SeqModel, 'parameters' | 'addGradients'>;

export interface TrainingOptions {
  readonly model: TrainableModel;
  readonly examples: readonly Example[];
  readonly config: TrainingConfig;
  readonly plan: TrainingPlan;
  /** Made for `model`; stays the caller's. */
  readonly optimizer: AdamW;
  /** Steps that are made already: model and optimizer are as they were after them. 0 by default. */
  readonly stepsMade?: number;
  /** What decides the order under `group_by_length` beside the seed. Nothing by default. */
  readonly otherDraws?: OtherDraws;
  /** Ends the training between two micro-batches: a step that is not made by then is not made. */
  readonly stopSignal?: AbortSignal;
  /** Asked between the operations of a step; once it says so, the step is left as if it had not been begun, and the training ends. */
  readonly isAbandoned?: () => boolean;
  /** Called after each optimizer step, awaited before the next; its answer decides whether there is a next. */
  onStep(report: StepReport): Promise<'continue' | 'stop'>;
  /** Told the numbers of a step that is not applied because one of them is not finite. */
  onDivergence(report: Pick<StepReport, 'step' | 'loss' | 'learningRate' | 'gradientNorm'>): Promise<void>;
}

/**
 * Trains the model in place until the plan is fulfilled, `onStep` says stop, `stopSignal` is raised or nobody wants it any
 * more. The parameters are always those after a whole step.
 * @throws {RunFailedError} when a loss or gradient is not finite; the parameters are then those of the step before
 */
export async function trainModel(options: TrainingOptions): Promise<void> {
  const gradients = new ModelGradients(options.model.parameters);
  try {
    await makeSteps(options, gradients);
  } catch (error) {
    if (!(error instanceof StepAbandoned)) throw error;
  } finally {
    gradients.dispose();
  }
}

/** Thrown out of the middle of a step. */
class StepAbandoned extends Error {}

async function makeSteps(options: TrainingOptions, gradients: ModelGradients): Promise<void> {
  const { model, examples, config, plan, optimizer } = options;
  const labelSmoothing = config.label_smoothing_factor;
  const learningRateAt = learningRateSchedule({
    type: config.lr_scheduler_type,
    learningRate: config.learning_rate,
    warmupSteps: countWarmupSteps(config, plan.totalSteps),
    totalSteps: plan.totalSteps,
  });
  const assertWanted = () => {
    if (options.isAbandoned?.()) throw new StepAbandoned();
  };
  let step = options.stepsMade ?? 0;
  if (step >= plan.totalSteps) return;

  for (let epoch = Math.floor(step / plan.stepsPerEpoch); epoch < plan.epochs; epoch++) {
    const batches = chunks(exampleOrder(options, epoch), config.per_device_train_batch_size);
    const groups = chunks(batches, config.gradient_accumulation_steps);
    const groupsMade = step - epoch * plan.stepsPerEpoch; // by the training that is resumed
    let batchesDone = groups.slice(0, groupsMade).flat().length;

    for (const group of groups.slice(groupsMade)) {
      let microSteps = epoch * batches.length + batchesDone;
      const learningRate = learningRateAt(step);
      let loss = 0;
      gradients.clear();
      const microBatches = group.map((rows) => pick(examples, rows));
      for (const [index, weight] of microBatchWeights(config, microBatches).entries()) {
        await nextTurn(); // commands of the runner arrive here
        if (options.stopSignal?.aborted) return;
        const scalar = model.addGradients(packBatch(microBatches[index] ?? []), gradients, {
          dropoutSeed: dropoutSeed(config.seed, microSteps),
          labelSmoothing,
          weight,
          assertWanted,
        });
        const [share = Number.NaN] = await scalar.data().finally(() => scalar.dispose());
        loss += share;
        microSteps += 1;
      }
      const sums = gradients.sums();
      const gradientNorm = await globalNorm(sums);
      if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
        await options.onDivergence({ step: step + 1, loss, learningRate, gradientNorm });
        throw divergence(describe(step + 1, loss, gradientNorm, learningRate));
      }
      optimizer.step(sums, learningRate, clippingScale(gradientNorm, config.max_grad_norm));
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
        nextLearningRate: learningRateAt(step),
        gradientNorm,
        samples: group.flat().length,
      });
      if (isLast || answer === 'stop') return;
    }
  }
}

function exampleOrder(
  { examples, config, plan, otherDraws = NO_OTHER_DRAWS }: TrainingOptions,
  epoch: number,
): readonly number[] {
  if (!config.group_by_length) return epochOrder({ n: examples.length, seed: config.seed, epoch });
  const lengths = examples.map(({ sourceIds }) => sourceIds.length);
  return lengthGroupedEpoch({ lengths, config, plan, otherDraws, epoch });
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
