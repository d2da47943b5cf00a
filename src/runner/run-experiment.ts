/**
 * The life of one run, in this process: the runner. Every event is written to the store before a listener hears of it, so
 * what was seen is what is kept; and whatever becomes of the trainer, the run gets an end with a reason.
 */
import { join } from 'node:path';
import type { Experiment } from '../engine/config/experiment.ts';
import type { Envelope, ResumePoint } from '../engine/run/protocol.ts';
import { superviseTrainer, type Trainer } from '../engine/run/supervisor.ts';
import { findNewestSoundCheckpoint } from '../engine/training/checkpoint.ts';
import { AppError } from '../errors.ts';
import { journalPath } from '../store/journal.ts';
import { LostRunError } from '../store/ownership.ts';
import type { RunState } from '../store/rows.ts';
import type { RunWriter } from '../store/run-writer.ts';
import type { Store } from '../store/store.ts';
import { assertCanBegin } from './assert-can-begin.ts';
import { writeCards } from './card-of-checkpoint.ts';
import { assertNotRepaired } from './care-lock.ts';
import { requireRoomForOne } from './disk-space.ts';
import { History, type OnPause } from './history.ts';
import { countMemoryKills } from './memory-kills.ts';
import { lookUpModel, obtainModel } from './obtain-model.ts';
import { parseEnvelope } from './parse-envelope.ts';
import { identityOf } from './process-identity.ts';
import { readProvenance } from './provenance.ts';
import type { BackgroundPush, PushNews } from './push-in-background.ts';
import { pushOfRun, requirePush } from './push-of-run.ts';
import { withRunId } from './resolve-model.ts';
import { findCheckpointIn, runOfCheckpoint } from './resume-point.ts';
import {
  type ExplainedEnd,
  explainEnd,
  explainFailedFetch,
  explainStop,
  explainStoreFailure,
  type Traces,
} from './run-end.ts';
import { trainerEnvironment } from './trainer-environment.ts';

const HEARTBEAT_MS = 1_000;

/** Who hears of a run, and how it is ended. */
export interface RunOptions {
  /** Called once, when the run is in the store. */
  onStart?(run: { readonly runId: string; readonly directory: string }): void;
  /** Called with what the runner itself warns of: a damaged checkpoint that is passed over. */
  onWarning?(message: string): void;
  /** Called for each event once it is in the store. */
  onEvent?(envelope: Envelope): void;
  /** Called while the model is fetched from the hub; `totalBytes` is null when the hub does not tell it. */
  onFetch?(doneBytes: number, totalBytes: number | null): void;
  /** Called when the run waits for room on a full disk, and when it goes on. */
  onPause?: OnPause;
  /** Called for each push to the hub that is done or has failed. */
  onPush?(news: PushNews): void;
  /** Called while the last push is waited for. */
  onPushProgress?(doneBytes: number, totalBytes: number): void;
  /** Ends the training after its step, saved; while the last push is waited for, leaves that. */
  readonly stop: AbortSignal;
  /** Ends it at once. */
  readonly kill?: AbortSignal;
  /** Its event `save` asks for a checkpoint after the step in hand. */
  readonly wishes?: EventTarget;
  readonly env?: NodeJS.ProcessEnv;
  /** The program that trains, by default our own. */
  readonly trainerPath?: string;
  /** How long a trainer that is killed may take to save, milliseconds. */
  readonly killAfterMs?: number;
}

export interface RunExperimentOptions extends RunOptions {
  readonly experiment: Experiment;
  /** Open for writing; stays open. */
  readonly store: Store;
  /** Id for the run, by default a new one. */
  readonly runId?: string;
  /** A checkpoint, or the folder of a run, that the training goes on from; by default it starts from its beginning. */
  readonly resumeFrom?: string | null;
  /** The user's folder, for the git commit. */
  readonly cwd?: string;
}

/** What is done with a run that is in the store. */
interface ConductOptions extends RunOptions {
  readonly experiment: Experiment;
  readonly store: Store;
  /** Directory of the model, null where it is to be fetched from the hub first. */
  readonly modelHere: string | null;
  readonly resume: ResumePoint | null;
  /** What was found before there was a run to tell it. */
  readonly warnings: readonly string[];
}

export interface RunOutcome {
  readonly runId: string;
  readonly state: RunState;
  /** Why it did not complete: CancelledError when the user ended it, otherwise what went wrong. */
  readonly error: AppError | null;
}

/**
 * Runs an experiment to its end and gives back how it ended.
 *
 * @throws {ModelError} when the model is neither here nor at the hub, {DataError} when a file of the corpus is missing
 *   or empty, {DeviceError} without the package of cuda,
 *   {StoreError} when the run cannot be created, or its disk has no room for a checkpoint: then there is no run
 */
export async function runExperiment(options: RunExperimentOptions): Promise<RunOutcome> {
  const { store, runId: id, env = process.env, cwd = process.cwd(), resumeFrom = null } = options;
  requirePush(options.experiment.training, env);
  const found = resumeFrom === null ? null : await findCheckpointIn(resumeFrom);
  const resume = found && { checkpoint: found.path, hasBefore: false };
  const warnings = [...(found?.warnings ?? [])];
  const onWarning = (message: string) => warnings.push(message);
  const modelHere = await lookUpNeededModel({ ...options, resume, env, onWarning });
  const isNeeded = modelHere !== options.experiment.model;
  const experiment = isNeeded
    ? { ...options.experiment, model: withRunId(options.experiment.model, store) }
    : options.experiment;
  await assertCanBegin(experiment);
  const provenance = await readProvenance(cwd, env);
  const startsFrom = found?.path ?? modelHere;
  if (startsFrom !== null) await requireRoomForOne(store.directory, startsFrom);
  const origin = found && { resumedFrom: found.path, parentRun: runOfCheckpoint(found.path) };
  const assertMay = () => assertNotRepaired(store);
  const writer = store.createRun({ id, experiment, runner: identityOf(), ...provenance, ...origin }, assertMay);
  return await conductRun(writer, { ...options, experiment, modelHere, resume, warnings });
}

/**
 * Gives back the directory of the model, null where the hub has it. A training that goes on has all it needs in its
 * checkpoint, unless the untouched model is still to be scored: then the model need not be anywhere.
 *
 * @throws {ModelError} when it is neither here nor at the hub
 */
export async function lookUpNeededModel(options: {
  readonly experiment: Experiment;
  readonly resume: ResumePoint | null;
  readonly store: Store;
  readonly env: NodeJS.ProcessEnv;
  readonly stop: AbortSignal;
  onWarning(message: string): void;
}): Promise<string | null> {
  const { experiment, resume, store, env, stop, onWarning } = options;
  if (resume !== null && (resume.hasBefore || !experiment.evaluation.before)) return experiment.model;
  return await lookUpModel(experiment.model, { store, env, signal: stop, onWarning });
}

/** Conducts a run that has just been made or taken up again, to its end. */
export async function conductRun(writer: RunWriter, options: ConductOptions): Promise<RunOutcome> {
  const { experiment, modelHere, env = process.env } = options;
  const { runId, directory } = writer;

  const history = new History(writer, options);
  history.tell(() => options.onStart?.({ runId, directory }));
  const warn = (message: string) => {
    history.note('warning', message);
    history.tell(() => options.onWarning?.(message));
  };
  for (const warning of options.warnings) warn(warning);
  const heartbeat = setInterval(() => history.heartbeat(), HEARTBEAT_MS);
  try {
    const model = modelHere ?? (await fetchModel(history, { ...options, env }, warn));
    if (model instanceof AppError) return await finish(history, runId, explainFailedFetch(model), options);
    if (model !== experiment.model) history.note('model', `${experiment.model} is ${model}`);
    const push = pushOfRun({ ...options, env, runId, directory, note: (type, text) => history.note(type, text) });
    const ended = await train(history, writer, { ...options, env, experiment: { ...experiment, model } }, push);
    if (isLost(history)) return { runId, state: 'failed', error: history.failure };
    await writeCards(options.store, runId, directory).catch((error: Error) =>
      warn(`the model's card could not be written: ${error.message}`),
    );
    if (push !== null) history.note('push', `bringing to ${experiment.training.hub_model_id} what is not there yet`);
    await push?.finish(ended.end.state === 'completed', leaveSignal(options));
    return await finish(history, runId, ended, options);
  } finally {
    clearInterval(heartbeat);
  }
}

/** Lets a trainer do the run, with the model's directory in its experiment. */
async function train(
  history: History,
  { directory, runId }: RunWriter,
  options: ConductOptions,
  push: BackgroundPush | null,
): Promise<ExplainedEnd> {
  const { experiment, resume, env, trainerPath, killAfterMs } = options;
  const killsBefore = countMemoryKills();
  const trainer = superviseTrainer({
    experiment,
    runDirectory: directory,
    resume,
    journal: { path: journalPath(directory), lastSeq: history.firstSeq },
    onEvent: (envelope, wire) => {
      const recording = history.add(envelope, wire);
      if (envelope.event.type === 'checkpoint') push?.add(envelope.event);
      return recording;
    },
    env: trainerEnvironment(env ?? process.env, experiment.data),
    trainerPath,
    killAfterMs,
  });
  history.onFailure = () => (isLost(history) ? trainer.abandon() : trainer.leave());
  if (history.failure !== null) history.onFailure();
  const release = obey(trainer, history, options);
  try {
    const end = await trainer.finished;
    await history.settled();
    // A trainer whose channel was cut has put its last events into the journal.
    if (end.type === 'died' && history.failure === null) options.store.catchUp(runId, parseEnvelope);
    const { aborted: wasStopped, reason: stopReason } = options.stop;
    const wishes = { wasStopped, wasKilled: options.kill?.aborted ?? false, stopReason };
    if (end.type === 'died' && wishes.wasKilled && history.isSaved) return explainStop(history.step, wishes);
    if (history.failure !== null) return explainStoreFailure(history.failure);
    return await explainEnd(end, wishes, () => tracesIn(directory, killsBefore));
  } finally {
    release();
  }
}

/** Another runner has the run: what is here is not to be touched any more. */
function isLost({ failure }: History): boolean {
  return failure instanceof LostRunError;
}

async function tracesIn(directory: string, killsBefore: number | null): Promise<Traces> {
  const { path } = await findNewestSoundCheckpoint(join(directory, 'checkpoints'));
  const kills = countMemoryKills();
  const memoryKills = kills === null || killsBefore === null ? null : kills - killsBefore;
  return { hasSoundCheckpoint: path !== null, memoryKills };
}

/** Ends the waiting for a push: the next wish to stop, after one that ended the training. */
function leaveSignal({ stop, kill }: RunOptions): AbortSignal {
  const wishes = [stop.aborted ? undefined : stop, kill].filter((signal) => signal !== undefined);
  return AbortSignal.any(wishes);
}

/** Fetches the model from the hub, writing each tenth into the run's diary. @returns its directory, or why it is not here */
async function fetchModel(
  history: History,
  { experiment, store, env = process.env, stop, kill, onFetch }: ConductOptions,
  onWarning: (message: string) => void,
): Promise<string | AppError> {
  const { model } = experiment;
  let tenths = 0;
  history.note('model', `fetching ${model} from the hub`);
  try {
    return await obtainModel(model, {
      store,
      env,
      signal: kill === undefined ? stop : AbortSignal.any([stop, kill]),
      onWarning,
      onProgress: (doneBytes, totalBytes) => {
        history.tell(() => onFetch?.(doneBytes, totalBytes));
        const done = totalBytes === null ? 0 : Math.floor((10 * doneBytes) / Math.max(1, totalBytes));
        if (done <= tenths) return;
        tenths = done;
        history.note('model', `fetching ${model}: ${done * 10} % of ${Math.ceil((totalBytes ?? 0) / 1e6)} MB`);
      },
    });
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** Passes the user's wishes on. @returns what undoes it */
function obey(trainer: Trainer, history: History, { stop, kill, wishes }: RunOptions): () => void {
  const onStop = () => {
    trainer.stop();
    history.giveUp();
  };
  const onKill = () => {
    trainer.kill();
    history.giveUp();
  };
  const onSave = () => trainer.checkpointNow();
  wishes?.addEventListener('save', onSave);
  stop.addEventListener('abort', onStop);
  kill?.addEventListener('abort', onKill);
  if (stop.aborted) onStop();
  if (kill?.aborted) onKill();
  return () => {
    wishes?.removeEventListener('save', onSave);
    stop.removeEventListener('abort', onStop);
    kill?.removeEventListener('abort', onKill);
  };
}

/** A run whose end cannot be written stays unfinished in the store, and becomes interrupted. */
async function finish(
  history: History,
  runId: string,
  { end, error }: ExplainedEnd,
  { stop, kill }: RunOptions,
): Promise<RunOutcome> {
  const storeError = await history.end(end, kill === undefined ? stop : AbortSignal.any([stop, kill]));
  if (storeError === null) return { runId, state: end.state, error };
  // Its first trouble is the one worth telling.
  return { runId, state: 'failed', error: error ?? storeError };
}
