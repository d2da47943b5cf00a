/** An evaluation as the runner sees it: progress and samples while it goes on, translations, then the result. */
import { ModelError } from '../../errors.ts';
import { type Evaluation, evaluate, type LossMeasure, measureLoss } from '../evaluation/evaluate.ts';
import { divergence } from '../training/divergence.ts';
import { lengthGroupedEvaluation } from '../training/length-grouped-epoch.ts';
import { planTraining } from '../training/training-plan.ts';
import { type LoadedRun, otherDraws } from './loaded-run.ts';
import type { EvaluationStage, Phase } from './protocol.ts';

const TRANSLATIONS_PER_EVENT = 500;
const SAMPLE_INTERVAL_MS = 1_000;

const phases = {
  before: 'evaluating-before',
  epoch: 'evaluating',
  after: 'evaluating-after',
} as const satisfies Record<EvaluationStage, Phase>;

/** Where in the training a model is being scored. */
export interface EvaluationMoment {
  readonly stage: EvaluationStage;
  readonly step: number;
  readonly epoch: number;
}

/** An evaluation, with or without translations. */
export type MeasuredModel = Evaluation | (LossMeasure & { readonly bleu: null });

/**
 * Scores the model on the validation set and tells the runner.
 * @throws {CancelledError} promptly, when the run is asked to stop
 * @throws {RunFailedError} when the loss is not finite
 */
export async function evaluateWithEvents(run: LoadedRun, moment: EvaluationMoment): Promise<MeasuredModel> {
  const { step } = moment;
  await run.events.send({ type: 'phase', phase: phases[moment.stage] });
  const evaluation = await measure(run, moment).catch((error) => {
    throw error instanceof ModelError && step > 0 ? divergence(`by step ${step}: ${error.message}`, error) : error;
  });
  if (!Number.isFinite(evaluation.loss)) {
    const what = `the loss on the validation set is ${evaluation.loss}`;
    throw step > 0
      ? divergence(`by step ${step}: ${what}`)
      : new ModelError(`Before any training ${what}: its weights are unusable.`);
  }
  await sendEvaluation(run, moment, evaluation);
  return evaluation;
}

/** Tells the runner of an evaluation that has been made. */
export async function sendEvaluation(
  { data, events }: LoadedRun,
  { stage, step, epoch }: EvaluationMoment,
  evaluation: MeasuredModel,
): Promise<void> {
  const { sentences, loss, lossPerToken, durationSeconds } = evaluation;
  const result = { type: 'evaluation', stage, step, epoch, sentences, loss, lossPerToken, durationSeconds } as const;
  if (evaluation.bleu === null) {
    await events.metrics(step, { eval_loss: loss });
    await events.send({ ...result, bleu: null, decoding: null });
    return;
  }
  const { bleu, decoding, hypotheses, references } = evaluation;
  for (let start = 0; start < hypotheses.length; start += TRANSLATIONS_PER_EVENT) {
    const items = hypotheses.slice(start, start + TRANSLATIONS_PER_EVENT).map((hypothesis, offset) => {
      const index = start + offset;
      const source = data.validationPairs[index]?.source ?? '';
      return { index, source, reference: references[index] ?? '', hypothesis };
    });
    await events.send({ type: 'translations', stage, step, items });
  }
  await events.metrics(step, { eval_loss: loss, eval_bleu: bleu.score });
  await events.send({ ...result, bleu, decoding });
}

async function measure(run: LoadedRun, { stage, step }: EvaluationMoment): Promise<MeasuredModel> {
  const { experiment, model, tokenizer, data, settings, events, control } = run;
  const { training } = experiment;
  const phase = phases[stage];
  const startedAt = run.now();
  let sampledAt = startedAt;
  const options = {
    model,
    examples: data.validation,
    batchSize: training.per_device_eval_batch_size,
    ...(training.group_by_length ? { order: lengthGroups(run, step) } : {}),
    labelSmoothing: training.label_smoothing_factor,
    signal: control.stopSignal,
    isAbandoned: () => control.isAbandoned,
    onProgress: (done: number, total: number) => {
      const etaSeconds = ((run.now() - startedAt) / 1000 / done) * (total - done);
      void events.progress({ phase, unit: 'sentences', done, total, etaSeconds });
    },
  };
  if (!training.predict_with_generate) return { ...(await measureLoss(options)), bleu: null };
  return await evaluate({
    ...options,
    tokenizer,
    pairs: data.validationPairs,
    references: experiment.evaluation.references,
    settings,
    onTranslations: (items) => {
      const [item] = items;
      if (item === undefined || run.now() - sampledAt < SAMPLE_INTERVAL_MS) return;
      sampledAt = run.now();
      const { index, source, reference, hypothesis } = item;
      void events.send({ type: 'sample', step, index, source, reference, hypothesis });
    },
  });
}

/** The order of an evaluation under `group_by_length`. */
function lengthGroups(run: LoadedRun, step: number): number[] {
  const { data, experiment } = run;
  return lengthGroupedEvaluation({
    lengths: data.validation.map(({ sourceIds }) => sourceIds.length),
    trainingSentences: data.train.length,
    config: experiment.training,
    plan: planTraining(data.train.length, experiment.training),
    otherDraws: otherDraws(run),
    step,
  });
}
