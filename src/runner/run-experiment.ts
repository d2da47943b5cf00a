/**
 * The life of one run, in this process: the runner. Every event is written to the store before a listener hears of it, so
 * what was seen is what is kept; and whatever becomes of the trainer, the run gets an end with a reason.
 */
import type { Experiment } from '../engine/config/experiment.ts';
import type { Envelope, ResumePoint, TrainerEvent } from '../engine/run/protocol.ts';
import { superviseTrainer, type Trainer } from '../engine/run/supervisor.ts';
import { AppError, StoreError } from '../errors.ts';
import type { RunState } from '../store/rows.ts';
import type { RunWriter } from '../store/run-writer.ts';
import type { Store } from '../store/store.ts';
import { assertCorpusPresent } from './assert-corpus-present.ts';
import { checkDiskSpace } from './disk-space.ts';
import { lookUpModel, obtainModel } from './obtain-model.ts';
import { identityOf } from './process-identity.ts';
import { readProvenance } from './provenance.ts';
import type { BackgroundPush, PushNews } from './push-in-background.ts';
import { pushOfRun, requirePush } from './push-of-run.ts';
import { findCheckpointIn, runOfCheckpoint } from './resume-point.ts';
import { type ExplainedEnd, explainEnd, explainFailedFetch, explainStop, explainStoreFailure } from './run-end.ts';

const HEARTBEAT_MS = 1_000;

/** Who hears of a run, and how it is ended. */
export interface RunOptions {
  /** Called once, when the run is in the store. */
  onStart?(run: { readonly runId: string; readonly directory: string }): void;
  /** Called for each event once it is in the store. */
  onEvent?(envelope: Envelope): void;
  /** Called while the model is fetched from the hub; `totalBytes` is null when the hub does not tell it. */
  onFetch?(doneBytes: number, totalBytes: number | null): void;
  /** Called for each push to the hub that is done or has failed. */
  onPush?(news: PushNews): void;
  /** Called while the last push is waited for. */
  onPushProgress?(doneBytes: number, totalBytes: number): void;
  /** Ends the training after its step, saved; while the last push is waited for, leaves that. */
  readonly stop: AbortSignal;
  /** Ends it at once. */
  readonly kill?: AbortSignal;
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
 * @throws {ModelError} when the model is neither here nor at the hub, {DataError} when a file of the corpus is missing,
 *   {StoreError} when the run cannot be created, or its disk has no room for a checkpoint: then there is no run
 */
export async function runExperiment(options: RunExperimentOptions): Promise<RunOutcome> {
  const { experiment, store, runId: id, env = process.env, cwd = process.cwd(), resumeFrom = null } = options;
  requirePush(experiment.training, env);
  const found = resumeFrom === null ? null : await findCheckpointIn(resumeFrom);
  const resume = found && { checkpoint: found.path, hasBefore: false };
  const modelHere = await lookUpNeededModel({ experiment, resume, store, env, stop: options.stop });
  await assertCorpusPresent(experiment.data);
  const provenance = await readProvenance(cwd, env);
  const room = modelHere === null ? null : await checkDiskSpace(store.directory, modelHere, experiment.training);
  const origin = found && { resumedFrom: found.path, parentRun: runOfCheckpoint(found.path) };
  const writer = store.createRun({ id, experiment, runner: identityOf(), ...provenance, ...origin });
  for (const warning of [...(found?.warnings ?? []), ...(room === null ? [] : [room])]) writer.note('warning', warning);
  return await conductRun(writer, { ...options, modelHere, resume });
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
}): Promise<string | null> {
  const { experiment, resume, store, env, stop } = options;
  if (resume !== null && (resume.hasBefore || !experiment.evaluation.before)) return experiment.model;
  return await lookUpModel(experiment.model, { store, env, signal: stop });
}

/** Conducts a run that has just been made or taken up again, to its end. */
export async function conductRun(writer: RunWriter, options: ConductOptions): Promise<RunOutcome> {
  const { experiment, modelHere, env = process.env } = options;
  const { runId, directory } = writer;

  const history = new History(writer, options.onEvent);
  history.tell(() => options.onStart?.({ runId, directory }));
  const heartbeat = setInterval(() => history.heartbeat(), HEARTBEAT_MS);
  try {
    const model = modelHere ?? (await fetchModel(history, { ...options, env }));
    if (model instanceof AppError) return finish(writer, explainFailedFetch(model));
    if (model !== experiment.model) history.note('model', `${experiment.model} is ${model}`);
    const push = pushOfRun({ ...options, env, runId, directory, note: (type, text) => history.note(type, text) });
    const ended = await train(history, directory, { ...options, env, experiment: { ...experiment, model } }, push);
    if (push !== null) history.note('push', `bringing to ${experiment.training.hub_model_id} what is not there yet`);
    await push?.finish(ended.end.state === 'completed', leaveSignal(options));
    return finish(writer, ended);
  } finally {
    clearInterval(heartbeat);
  }
}

/** Lets a trainer do the run, with the model's directory in its experiment. */
async function train(
  history: History,
  runDirectory: string,
  options: ConductOptions,
  push: BackgroundPush | null,
): Promise<ExplainedEnd> {
  const { experiment, resume, env, trainerPath, killAfterMs } = options;
  const trainer = superviseTrainer({
    experiment,
    runDirectory,
    resume,
    onEvent: (envelope) => {
      history.add(envelope);
      if (envelope.event.type === 'checkpoint') push?.add(envelope.event);
    },
    env,
    trainerPath,
    killAfterMs,
  });
  history.onFailure = () => trainer.stop();
  if (history.failure !== null) trainer.stop();
  const release = obey(trainer, options);
  try {
    const end = await trainer.finished;
    const wishes = { wasStopped: options.stop.aborted, wasKilled: options.kill?.aborted ?? false };
    if (end.type === 'died' && wishes.wasKilled && history.isSaved) return explainStop(history.step, wishes);
    return history.failure ? explainStoreFailure(history.failure) : explainEnd(end, wishes);
  } finally {
    release();
  }
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
): Promise<string | AppError> {
  const { model } = experiment;
  let tenths = 0;
  history.note('model', `fetching ${model} from the hub`);
  try {
    return await obtainModel(model, {
      store,
      env,
      signal: kill === undefined ? stop : AbortSignal.any([stop, kill]),
      onWarning: (message) => history.note('warning', message),
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
function obey(trainer: Trainer, { stop, kill }: RunOptions): () => void {
  const onStop = () => trainer.stop();
  const onKill = () => trainer.kill();
  stop.addEventListener('abort', onStop);
  kill?.addEventListener('abort', onKill);
  if (stop.aborted) onStop();
  if (kill?.aborted) onKill();
  return () => {
    stop.removeEventListener('abort', onStop);
    kill?.removeEventListener('abort', onKill);
  };
}

function finish(writer: RunWriter, { end, error }: ExplainedEnd): RunOutcome {
  const { runId } = writer;
  try {
    writer.finish(end);
    return { runId, state: end.state, error };
  } catch (storeError) {
    if (!(storeError instanceof StoreError)) throw storeError;
    // The run stays unfinished in the store and becomes interrupted; its first trouble is the one worth telling.
    return { runId, state: 'failed', error: error ?? storeError };
  }
}

/** Writes first, tells after. Once writing has failed nothing more is written, so that the history has no holes. */
class History {
  failure: StoreError | null = null;
  onFailure: () => void = () => {};
  readonly #writer: RunWriter;
  readonly #listener: ((envelope: Envelope) => void) | undefined;
  /** Number of the last event before this trainer's own, which begin with 1. */
  readonly #firstSeq: number;
  #step = 0;
  #savedStep = -1;
  #hasToldOfListener = false;
  #missedBeat: StoreError | null = null;

  constructor(writer: RunWriter, listener?: (envelope: Envelope) => void) {
    this.#writer = writer;
    this.#firstSeq = writer.lastSeq;
    this.#listener = listener;
  }

  /** The last step that was told of. */
  get step(): number {
    return this.#step;
  }

  /** Whether that step is in a checkpoint. */
  get isSaved(): boolean {
    return this.#savedStep === this.#step;
  }

  add(sent: Envelope): void {
    const envelope = { ...sent, seq: this.#firstSeq + sent.seq };
    this.#follow(envelope.event);
    const isKept = this.#write(() => this.#writer.record(envelope));
    if (isKept) this.tell(() => this.#listener?.(envelope));
  }

  note(type: string, text: string): void {
    this.#write(() => this.#writer.note(type, text));
  }

  /** A sign of life that cannot be written leaves no hole in the history: whether the store has failed, events decide. */
  heartbeat(): void {
    try {
      this.#writer.heartbeat();
      if (this.#missedBeat === null) return;
      this.#writer.note('warning', `a sign of life could not be written: ${this.#missedBeat.message}`);
      this.#missedBeat = null;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#missedBeat ??= error;
    }
  }

  /** A listener's fault is noted once and does not end the run. */
  tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      if (this.#hasToldOfListener) return;
      this.#hasToldOfListener = true;
      this.#write(() => this.#writer.note('warning', `a listener of the run failed: ${String(error)}`));
    }
  }

  #follow(event: TrainerEvent): void {
    if (event.type === 'metrics') this.#step = Math.max(this.#step, ...event.points.map(({ step }) => step));
    if (event.type === 'checkpoint' || event.type === 'resumed') {
      this.#step = Math.max(this.#step, event.step);
      this.#savedStep = event.step;
    }
  }

  #write(work: () => void): boolean {
    if (this.failure !== null) return false;
    try {
      work();
      return true;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.failure = error;
      this.onFailure();
      return false;
    }
  }
}
