/**
 * One run from beginning to end: load, look at the data, score the untouched model, train, score the trained one.
 * Everything the world learns of it goes through `outlet`.
 */
import { join } from 'node:path';
import { CancelledError, ConfigError, type ConfigProblem } from '../../errors.ts';
import { openBackend } from '../backend/open-backend.ts';
import type { Experiment } from '../config/experiment.ts';
import { prepareData } from '../data/prepare-data.ts';
import { resolveGenerationSettings } from '../decoding/generation-settings.ts';
import { loadModel } from '../model/load-model.ts';
import { readGenerationConfig, readModelFiles } from '../model/model-directory.ts';
import { MarianTokenizer } from '../text/marian-tokenizer.ts';
import { prefixProblem } from '../text/prefix-problem.ts';
import { warningForUnsavedBest } from '../training/best-model.ts';
import { listCheckpoints } from '../training/checkpoint.ts';
import { assertCheckpointFits } from '../training/checkpoint-fit.ts';
import { warningForRoom } from '../training/checkpoint-room.ts';
import { type OpenedCheckpoint, openCheckpoint } from '../training/open-checkpoint.ts';
import { restoreWeights } from '../training/restore-weights.ts';
import { planTraining, type TrainingPlan } from '../training/training-plan.ts';
import { evaluateWithEvents, sendEvaluation } from './evaluate-with-events.ts';
import type { LoadedRun } from './loaded-run.ts';
import { type EventOutlet, PacedEvents } from './paced-events.ts';
import type { ResumePoint } from './protocol.ts';
import type { RunControl } from './run-control.ts';
import { type Trained, trainWithEvents } from './train-with-events.ts';
import { trainingBasis } from './training-basis.ts';

export interface TrainExperimentOptions {
  /** Its `model` names a directory. */
  readonly experiment: Experiment;
  /** Gets `checkpoints/`. */
  readonly runDirectory: string;
  /** Where to go on from, null to start from the beginning. */
  readonly resume: ResumePoint | null;
  readonly control: RunControl;
  readonly outlet: EventOutlet;
  /** Milliseconds of a clock that goes on evenly, whatever is done to the one on the wall. */
  now(): number;
}

/**
 * Runs an experiment; its last event is `ended`, with `stopped` when it was asked to.
 * @throws {AppError} when it cannot go on; the caller sends `failed`
 */
export async function trainExperiment(options: TrainExperimentOptions): Promise<void> {
  const { control, experiment } = options;
  const events = new PacedEvents(options.outlet, options.now);
  // A trainer without a runner may be ended before the next event would take them along.
  control.stopSignal.addEventListener('abort', () => void events.flush());
  let trained: Trained | null = null;
  let stepsBefore = 0;
  try {
    const resumed = options.resume === null ? null : await openCheckpoint(options.resume.checkpoint);
    for (const message of resumed?.problems ?? []) await events.send({ type: 'warning', message });
    const isBeforeDue = experiment.evaluation.before && !options.resume?.hasBefore;
    // Without the untouched model's evaluation a run goes on from its own folder alone.
    const modelDirectory = resumed === null || isBeforeDue ? experiment.model : resumed.path;
    const run = await loadRun(options, modelDirectory, resumed, events);
    const plan = planTraining(run.data.train.length, experiment.training);
    await events.send({
      type: 'plan',
      totalSteps: plan.totalSteps,
      stepsPerEpoch: plan.stepsPerEpoch,
      epochs:
        experiment.training.max_steps > 0 ? plan.totalSteps / plan.stepsPerEpoch : experiment.training.num_train_epochs,
      parameters: countParameters(run),
    });
    if (resumed !== null) {
      await events.send({ type: 'resumed', step: resumed.state.step, checkpoint: resumed.path });
    }
    stepsBefore = resumed?.state.step ?? 0;
    await warnBeforehand(run, plan, stepsBefore);
    if (isBeforeDue) await evaluateWithEvents(run, { stage: 'before', step: 0, epoch: 0 });
    throwIfStopped(control);
    if (resumed !== null && isBeforeDue) await restoreWeights(run.model, resumed.path);
    trained = await trainWithEvents(run, plan, resumed);
    throwIfStopped(control);
    if (experiment.evaluation.after) await evaluateAfter(run, trained);
    await trained.tidyUp();
    const { step, detail } = trained;
    await events.send({ type: 'ended', reason: 'completed', step, ...(detail === null ? {} : { detail }) });
  } catch (error) {
    if (!(error instanceof CancelledError && control.stopSignal.aborted)) throw error;
    await trained?.save();
    await events.send({ type: 'ended', reason: 'stopped', step: trained?.step ?? stepsBefore });
  } finally {
    trained?.dispose();
    await events.flush();
  }
}

/** Says once, before hours of work, what may not end as it is wished. */
async function warnBeforehand(run: LoadedRun, plan: TrainingPlan, stepsMade: number): Promise<void> {
  const { runDirectory, experiment, events } = run;
  const checkpoints = await listCheckpoints(join(runDirectory, 'checkpoints'));
  const room = await warningForRoom({
    folder: runDirectory,
    parameters: countParameters(run),
    plan,
    training: experiment.training,
    stepsMade,
    checkpointsThere: checkpoints.length,
  });
  for (const message of [room, warningForUnsavedBest(experiment.training)]) {
    if (message !== null) await events.send({ type: 'warning', message });
  }
}

function countParameters({ model }: LoadedRun): number {
  return [...model.parameters.values()].reduce((sum, { size }) => sum + size, 0);
}

/** Scores the trained model, or tells of the score it has already. */
async function evaluateAfter(run: LoadedRun, { model, evaluation }: Trained): Promise<void> {
  const moment = { stage: 'after', ...model } as const;
  if (evaluation === null) await evaluateWithEvents(run, moment);
  else await sendEvaluation(run, moment, evaluation);
}

/** Loads all a run needs, telling the runner of each part. @throws {ConfigError} when the checkpoint does not fit */
async function loadRun(
  options: TrainExperimentOptions,
  modelDirectory: string,
  resumed: OpenedCheckpoint | null,
  events: PacedEvents,
): Promise<LoadedRun> {
  const { experiment, control } = options;
  await events.send({ type: 'phase', phase: 'loading' });
  const backend = await openBackend(experiment.device, experiment);
  await events.send({
    type: 'ready',
    pid: process.pid,
    device: backend.name,
    description: backend.description,
    why: backend.why,
    versions: backend.versions,
  });
  throwIfStopped(control);
  const { dropout, seed } = experiment.training;
  const isUntrained = experiment.from_scratch && modelDirectory === experiment.model;
  const model = await loadModel(modelDirectory, { dropout, ...(isUntrained ? { initSeed: seed } : {}) });
  assertLengthsFit(experiment, model.maxPositions);
  const modelFiles = await readModelFiles(modelDirectory);
  const generationConfig = await readGenerationConfig(modelDirectory);
  const settings = resolveGenerationSettings(generationConfig, experiment.generation, model);
  const tokenizer = await MarianTokenizer.load(modelDirectory);
  throwIfStopped(control);
  const signal = control.stopSignal;
  const data = await unlessStopped(signal, prepareData(experiment.data, tokenizer, { env: process.env, signal }));
  // Before anything is told of it: what the run has learnt from is not this where it cannot go on with it.
  if (resumed !== null) assertCheckpointFits(resumed.path, resumed, trainingBasis({ experiment, data }));
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
  const unknown = prefixProblem(experiment.data.source_prefix, tokenizer);
  const notes = [...data.corpus.notes, ...(data.validationCorpus?.notes ?? [])];
  for (const message of unknown === null ? notes : [unknown, ...notes]) {
    await events.send({ type: 'warning', message });
  }
  throwIfStopped(control);
  const { runDirectory, now } = options;
  return { experiment, runDirectory, modelFiles, model, tokenizer, data, settings, events, control, now };
}

/** Gives what `work` gives, which a stop does not wait for: a corpus may be long, or a pipe that nobody writes. @throws {CancelledError} */
async function unlessStopped<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new CancelledError()), { once: true });
  });
  return await Promise.race([work, stopped]);
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
