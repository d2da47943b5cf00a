/**
 * One run from beginning to end: load, look at the data, score the untouched model, train, score the trained one.
 * Everything the world learns of it goes through `send`.
 */
import { CancelledError, ConfigError, type ConfigProblem } from '../../errors.ts';
import { openBackend } from '../backend/open-backend.ts';
import type { Experiment } from '../config/experiment.ts';
import { prepareData } from '../data/prepare-data.ts';
import { resolveGenerationSettings } from '../decoding/generation-settings.ts';
import { loadModel } from '../model/load-model.ts';
import { readGenerationConfig } from '../model/model-directory.ts';
import { MarianTokenizer } from '../text/marian-tokenizer.ts';
import { planTraining } from '../training/training-plan.ts';
import { evaluateWithEvents } from './evaluate-with-events.ts';
import type { LoadedRun } from './loaded-run.ts';
import { PacedEvents } from './paced-events.ts';
import type { TrainerEvent } from './protocol.ts';
import type { RunControl } from './run-control.ts';
import { type Trained, trainWithEvents } from './train-with-events.ts';

export interface TrainExperimentOptions {
  /** Its `model` names a directory. */
  readonly experiment: Experiment;
  /** Gets `checkpoints/`. */
  readonly runDirectory: string;
  readonly control: RunControl;
  send(event: TrainerEvent): Promise<void>;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * Runs an experiment; its last event is `ended`, with `stopped` when it was asked to.
 * @throws {AppError} when it cannot go on; the caller sends `failed`
 */
export async function trainExperiment(options: TrainExperimentOptions): Promise<void> {
  const { control, experiment } = options;
  const events = new PacedEvents((event) => options.send(event), options.now);
  let trained: Trained | null = null;
  try {
    const run = await loadRun(options, events);
    const plan = planTraining(run.data.train.length, experiment.training);
    await events.send({
      type: 'plan',
      totalSteps: plan.totalSteps,
      stepsPerEpoch: plan.stepsPerEpoch,
      epochs:
        experiment.training.max_steps > 0 ? plan.totalSteps / plan.stepsPerEpoch : experiment.training.num_train_epochs,
      parameters: [...run.model.parameters.values()].reduce((sum, { size }) => sum + size, 0),
    });
    if (experiment.evaluation.before) await evaluateWithEvents(run, { stage: 'before', step: 0, epoch: 0 });
    throwIfStopped(control);
    trained = await trainWithEvents(run, plan);
    throwIfStopped(control);
    const { step, epoch } = trained;
    if (experiment.evaluation.after) await evaluateWithEvents(run, { stage: 'after', step, epoch });
    await events.send({ type: 'ended', reason: 'completed', step });
  } catch (error) {
    if (!(error instanceof CancelledError && control.stopSignal.aborted)) throw error;
    await trained?.save();
    await events.send({ type: 'ended', reason: 'stopped', step: trained?.step ?? 0 });
  } finally {
    trained?.dispose();
    await events.flush();
  }
}

/** Loads all a run needs, telling the runner of each part. */
async function loadRun(options: TrainExperimentOptions, events: PacedEvents): Promise<LoadedRun> {
  const { experiment, control } = options;
  await events.send({ type: 'phase', phase: 'loading' });
  const backend = await openBackend(experiment.device);
  await events.send({
    type: 'ready',
    pid: process.pid,
    device: backend.name,
    description: backend.description,
    why: backend.why,
    versions: backend.versions,
  });
  throwIfStopped(control);
  const model = await loadModel(experiment.model, { dropout: experiment.training.dropout });
  assertLengthsFit(experiment, model.maxPositions);
  const generationConfig = await readGenerationConfig(experiment.model);
  const settings = resolveGenerationSettings(generationConfig, experiment.generation, model);
  const tokenizer = await MarianTokenizer.load(experiment.model);
  throwIfStopped(control);
  const data = await prepareData(experiment.data, tokenizer);
  await events.send({
    type: 'data',
    pairs: data.corpus.pairs.length,
    trainSize: data.train.length,
    validationSize: data.validation.length,
    truncatedSources: data.truncatedSources,
    truncatedTargets: data.truncatedTargets,
    problems: data.problems,
    problemCounts: data.problemCounts,
    dataHash: data.dataHash,
  });
  for (const message of [...data.corpus.notes, ...(data.validationCorpus?.notes ?? [])]) {
    await events.send({ type: 'warning', message });
  }
  throwIfStopped(control);
  const { runDirectory, now } = options;
  return { experiment, runDirectory, model, tokenizer, data, settings, events, control, now };
}

function throwIfStopped(control: RunControl): void {
  if (control.stopSignal.aborted) throw new CancelledError();
}

function assertLengthsFit({ data, model }: Experiment, maxPositions: number): void {
  const problems: ConfigProblem[] = (['max_source_length', 'max_target_length'] as const)
    .filter((name) => data[name] > maxPositions)
    .map((name) => ({ path: `data.${name}`, message: `${data[name]}; the model has ${maxPositions} positions.` }));
  if (problems.length === 0) return;
  throw new ConfigError(`The experiment does not fit the model ${model}.`, problems, {
    hint: `Set the lengths to ${maxPositions} or less.`,
  });
}
