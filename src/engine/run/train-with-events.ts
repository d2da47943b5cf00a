/** A training as the runner sees it: metrics and progress of each step, evaluations and checkpoints where they are due. */
import { join } from 'node:path';
import { CancelledError } from '../../errors.ts';
import { AdamW } from '../training/adamw.ts';
import { saveCheckpoint } from '../training/checkpoint.ts';
import { type LogEntry, trainerState } from '../training/trainer-state.ts';
import { type StepReport, trainModel } from '../training/training-loop.ts';
import { isDue, type TrainingPlan } from '../training/training-plan.ts';
import { evaluateWithEvents } from './evaluate-with-events.ts';
import type { LoadedRun } from './loaded-run.ts';
import { SampleSentences } from './sample-sentences.ts';
import { Throughput } from './throughput.ts';

/** A model trained as far as it came. */
export interface Trained {
  readonly step: number;
  readonly epoch: number;
  /** Saves the model as it stands; nothing happens where the step is saved already. @throws {RunFailedError} */
  save(): Promise<void>;
  /** Gives back the optimizer's memory. */
  dispose(): void;
}

/** Trains the run's model, to the end of the plan or until the run is asked to stop. */
export async function trainWithEvents(run: LoadedRun, plan: TrainingPlan): Promise<Trained> {
  const { model, events, control } = run;
  const config = run.experiment.training;
  const optimizer = new AdamW(model, config);
  const throughput = new Throughput(run.now);
  const samples = new SampleSentences(run);
  const history: LogEntry[] = [];
  let lossSum = 0;
  let stepsInSum = 0;
  let savedStep = 0;
  let current: Pick<StepReport, 'step' | 'epoch' | 'microSteps'> = { step: 0, epoch: 0, microSteps: 0 };

  const sendMetrics = (step: number, values: Readonly<Record<string, number>>) =>
    events.metrics(Object.entries(values).map(([metric, value]) => ({ metric, step, value })));

  const save = async () => {
    if (savedStep === current.step) return;
    await events.send({ type: 'phase', phase: 'saving' });
    const weights = await model.exportWeights();
    const state = await optimizer.exportState();
    const contents = {
      weights,
      optimizer: state,
      modelDirectory: run.experiment.model,
      trainerState: trainerState(current, plan, config, history),
    };
    const saved = await saveCheckpoint(join(run.runDirectory, 'checkpoints'), contents, config.save_total_limit);
    savedStep = saved.step;
    const { step, path, sizeBytes } = saved;
    await events.send({ type: 'checkpoint', step, epoch: current.epoch, path, sizeBytes });
    for (const removed of saved.removed) await events.send({ type: 'checkpoint-removed', ...removed });
    for (const message of saved.problems) await events.send({ type: 'warning', message });
  };

  const log = (report: StepReport) => {
    lossSum += report.loss;
    stepsInSum += 1;
    if (report.step % config.logging_steps !== 0) return;
    const { step, epoch, learningRate, gradientNorm } = report;
    history.push({ loss: lossSum / stepsInSum, learning_rate: learningRate, grad_norm: gradientNorm, epoch, step });
    lossSum = 0;
    stepsInSum = 0;
  };

  const evaluateNow = async ({ step, epoch }: StepReport) => {
    try {
      const { loss, bleu } = await evaluateWithEvents(run, { stage: 'epoch', step, epoch });
      history.push({ eval_loss: loss, eval_bleu: bleu.score, epoch, step });
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error; // asked to stop: the step is saved below
    }
  };

  await events.send({ type: 'phase', phase: 'training' });
  try {
    await trainModel({
      model,
      examples: run.data.train,
      config,
      plan,
      optimizer,
      onDivergence: ({ step, loss, learningRate, gradientNorm }) =>
        sendMetrics(step, { loss, learning_rate: learningRate, grad_norm: gradientNorm }),
      onStep: async (report) => {
        const { step, epoch } = report;
        current = report;
        throughput.stop(report.samples);
        log(report);
        await sendMetrics(step, {
          loss: report.loss,
          learning_rate: report.learningRate,
          grad_norm: report.gradientNorm,
          epoch,
          samples_per_second: throughput.samplesPerSecond,
        });
        const etaSeconds = throughput.secondsPerStep * (plan.totalSteps - step);
        await events.progress({ phase: 'training', unit: 'steps', done: step, total: plan.totalSteps, etaSeconds });
        if (step % config.logging_steps === 0) await samples.send(step);

        // The evaluation after the last step is the one of the trained model, made by the caller.
        const isLastEvaluated = report.isLast && run.experiment.evaluation.after;
        const isEvaluationDue =
          isDue(config.eval_strategy, config.eval_steps, report) || control.takeEvaluationRequest();
        const isSaveDue = isDue(config.save_strategy, config.save_steps, report) || control.takeCheckpointRequest();
        if (isEvaluationDue && !isLastEvaluated) await evaluateNow(report);
        if (isSaveDue || control.stopSignal.aborted) await save();
        if (control.stopSignal.aborted) return 'stop';
        if ((isEvaluationDue || isSaveDue) && !report.isLast) await events.send({ type: 'phase', phase: 'training' });
        throughput.start();
        return 'continue';
      },
    });
  } catch (error) {
    optimizer.dispose();
    throw error;
  }
  return { step: current.step, epoch: current.epoch, save, dispose: () => optimizer.dispose() };
}
