/** A training as the runner sees it: metrics and progress of each step, evaluations and checkpoints where they are due. */
import { AdamW } from '../training/adamw.ts';
import { bestMetricName } from '../training/best-model.ts';
import { type LossRise, LossWatch } from '../training/loss-watch.ts';
import { type OpenedCheckpoint, restoreOptimizer } from '../training/open-checkpoint.ts';
import { type StepReport, trainModel } from '../training/training-loop.ts';
import { isEvaluationDue, isSaveDue, type StepMoment, type TrainingPlan } from '../training/training-plan.ts';
import type { MeasuredModel } from './evaluate-with-events.ts';
import { type LoadedRun, otherDraws } from './loaded-run.ts';
import { SampleSentences } from './sample-sentences.ts';
import { Throughput } from './throughput.ts';
import { TrainingRecord } from './training-record.ts';

/** A model trained as far as it came. */
export interface Trained {
  /** The last step made. */
  readonly step: number;
  /** Where in the training the model as it stands comes from: the best one may be an earlier one. */
  readonly model: { readonly step: number; readonly epoch: number };
  /** Of that model; null when it has not been scored. */
  readonly evaluation: MeasuredModel | null;
  /** What is special about the end; null when nothing is. */
  readonly detail: string | null;
  /** Saves the last model; nothing happens where the step is saved already. @throws {RunFailedError} */
  save(): Promise<void>;
  /** Removes what has no purpose once the run is complete. */
  tidyUp(): Promise<void>;
  /** Gives back the optimizer's memory. */
  dispose(): void;
}

/**
 * Trains the run's model, to the end of the plan, of its patience, or until the run is asked to stop.
 *
 * @param resumed  the checkpoint to go on from, whose weights the model has
 */
export async function trainWithEvents(
  run: LoadedRun,
  plan: TrainingPlan,
  resumed: OpenedCheckpoint | null,
): Promise<Trained> {
  const optimizer = new AdamW(run.model, run.experiment.training);
  try {
    if (resumed !== null) await restoreOptimizer(optimizer, resumed);
    const record = new TrainingRecord(run, plan, optimizer, resumed?.state ?? null);
    await record.findBest();
    if (resumed !== null) await record.removeBeyond();
    const speed = await trainSteps(run, plan, optimizer, record);
    const isStopped = run.control.stopSignal.aborted;
    const model = isStopped ? { step: record.step, epoch: record.epoch } : await record.finish(speed);
    return {
      step: record.step,
      model,
      evaluation: record.evaluation,
      detail: isStopped ? null : describeEnd(record, run),
      // The best model may have taken the last one's place: that one is saved already, or not to be saved.
      save: async () => (isStopped ? await record.save() : undefined),
      tidyUp: () => record.removeAllButBest(),
      dispose: () => optimizer.dispose(),
    };
  } catch (error) {
    optimizer.dispose();
    throw error;
  }
}

/** Makes the steps that remain, with all that is due between them. @returns how many it made, and how fast */
async function trainSteps(
  run: LoadedRun,
  plan: TrainingPlan,
  optimizer: AdamW,
  record: TrainingRecord,
): Promise<{ seconds: number; samples: number; steps: number }> {
  const { model, events, control } = run;
  const config = run.experiment.training;
  const throughput = new Throughput(run.now);
  const sentences = new SampleSentences(run);
  const watch = new LossWatch();
  const startedAt = run.now();
  const stepsBefore = record.step;
  let samples = 0;

  const tell = async (report: StepReport) => {
    const { step, epoch } = report;
    samples += report.samples;
    throughput.stop(report.samples);
    const isLogged = record.addStep(report);
    await events.metrics(step, {
      loss: report.loss,
      learning_rate: report.learningRate,
      grad_norm: report.gradientNorm,
      epoch,
      samples_per_second: throughput.samplesPerSecond,
    });
    const rise = watch.add(step, report.loss);
    if (rise !== null) await events.send({ type: 'warning', message: describeRise(step, rise) });
    const etaSeconds = throughput.secondsPerStep * (plan.totalSteps - step);
    await events.progress({ phase: 'training', unit: 'steps', done: step, total: plan.totalSteps, etaSeconds });
    if (isLogged) await sentences.send(step);
  };

  /** Evaluates and saves where that is due after a step. */
  const settle = async (moment: StepMoment): Promise<'continue' | 'stop'> => {
    // The evaluation after the last step is the one of the trained model, made by the caller, unless it decides the best.
    const isMadeLater = moment.isLast && run.experiment.evaluation.after && bestMetricName(config) === null;
    const isToEvaluate = isEvaluationDue(config, moment) && !isMadeLater;
    const judgement = isToEvaluate ? await record.evaluate() : null;
    const isToSave =
      config.save_strategy === 'best'
        ? (judgement?.isBest ?? false)
        : isSaveDue(config.save_strategy, config.save_steps, moment);
    const isWished = control.takeCheckpointRequest(); // taken in any case: a checkpoint that is due fulfils it
    const isSaved = isToSave || isWished;
    if (isSaved || control.stopSignal.aborted) await record.save();
    if (control.stopSignal.aborted || record.isOutOfPatience) return 'stop';
    const isInterrupted = isToEvaluate || isSaved;
    if (isInterrupted && !moment.isLast) await events.send({ type: 'phase', phase: 'training' });
    return 'continue';
  };

  await events.send({ type: 'phase', phase: 'training' });
  let answer: 'continue' | 'stop' = record.isOutOfPatience ? 'stop' : 'continue';
  if (record.isEvaluationPending) {
    const { step } = record;
    record.forgetSave();
    answer = await settle({ step, isLastOfEpoch: step % plan.stepsPerEpoch === 0, isLast: step >= plan.totalSteps });
  }
  throughput.start();
  if (answer === 'continue') {
    await trainModel({
      model,
      examples: run.data.train,
      config,
      plan,
      optimizer,
      stepsMade: record.step,
      otherDraws: otherDraws(run),
      stopSignal: control.stopSignal,
      isAbandoned: () => control.isAbandoned,
      onDivergence: ({ step, loss, learningRate, gradientNorm }) =>
        events.metrics(step, { loss, learning_rate: learningRate, grad_norm: gradientNorm }),
      onStep: async (report) => {
        await tell(report);
        const next = await settle(report);
        throughput.start();
        return next;
      },
    });
  }
  return { seconds: (run.now() - startedAt) / 1000, samples, steps: record.step - stepsBefore };
}

function describeRise(step: number, { best, bestStep, mean }: LossRise): string {
  return (
    `The loss has risen and stays up: ${mean.toFixed(2)} over the last 50 steps before step ${step}, ${best.toFixed(2)} at best, ` +
    `by step ${bestStep}. The training may have diverged: a lower learning_rate or max_grad_norm, or a longer warm-up, may help.`
  );
}

function describeEnd(record: TrainingRecord, run: LoadedRun): string | null {
  const { early_stopping_patience: patience, metric_for_best_model: metric } = run.experiment.training;
  const best = record.describeBest();
  if (!record.isOutOfPatience) return best === null ? null : `All steps were done. ${best}`;
  const evaluations = patience === 1 ? '1 evaluation' : `${patience} evaluations in a row`;
  return `Ended early, after step ${record.step}: no improvement of ${metric ?? 'loss'} in ${evaluations}. ${best}`;
}
