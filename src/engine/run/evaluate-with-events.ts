/** An evaluation as the runner sees it: progress and samples while it goes on, translations, then the result. */
import { ModelError } from '../../errors.ts';
import { type Evaluation, evaluate } from '../evaluation/evaluate.ts';
import { divergence } from '../training/divergence.ts';
import type { LoadedRun } from './loaded-run.ts';
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

/**
 * Scores the model on the validation set and tells the runner.
 * @throws {CancelledError} promptly, when the run is asked to stop
 * @throws {RunFailedError} when the loss is not finite
 */
export async function evaluateWithEvents(run: LoadedRun, moment: EvaluationMoment): Promise<Evaluation> {
  const { experiment, model, tokenizer, data, settings, events, control } = run;
  const { stage, step, epoch } = moment;
  const phase = phases[stage];
  const startedAt = run.now();
  let sampledAt = startedAt;
  await events.send({ type: 'phase', phase });

  const evaluating = evaluate({
    model,
    tokenizer,
    examples: data.validation,
    pairs: data.validationPairs,
    references: experiment.evaluation.references,
    settings,
    batchSize: experiment.training.per_device_eval_batch_size,
    signal: control.stopSignal,
    onProgress: (done, total) => {
      const etaSeconds = ((run.now() - startedAt) / 1000 / done) * (total - done);
      void events.progress({ phase, unit: 'sentences', done, total, etaSeconds });
    },
    onTranslations: (items) => {
      const [item] = items;
      if (item === undefined || run.now() - sampledAt < SAMPLE_INTERVAL_MS) return;
      sampledAt = run.now();
      const { index, source, reference, hypothesis } = item;
      void events.send({ type: 'sample', step, index, source, reference, hypothesis });
    },
  });

  const evaluation = await evaluating.catch((error) => {
    throw error instanceof ModelError && step > 0 ? divergence(`by step ${step}: ${error.message}`, error) : error;
  });
  const { hypotheses, references, ...result } = evaluation;
  if (!Number.isFinite(result.loss)) {
    const what = `the loss on the validation set is ${result.loss}`;
    throw step > 0
      ? divergence(`by step ${step}: ${what}`)
      : new ModelError(`Before any training ${what}: its weights are unusable.`);
  }
  for (let start = 0; start < hypotheses.length; start += TRANSLATIONS_PER_EVENT) {
    const items = hypotheses.slice(start, start + TRANSLATIONS_PER_EVENT).map((hypothesis, offset) => {
      const index = start + offset;
      return {
        index,
        source: data.validationPairs[index]?.source ?? '',
        reference: references[index] ?? '',
        hypothesis,
      };
    });
    await events.send({ type: 'translations', stage, step, items });
  }
  await events.metrics([
    { metric: 'eval_loss', step, value: result.loss },
    { metric: 'eval_bleu', step, value: result.bleu.score },
  ]);
  await events.send({ type: 'evaluation', stage, step, epoch, ...result });
  return evaluation;
}
