/**
 * The life of one run, in this process: the runner. Every event is written to the store before a listener hears of it, so
 * what was seen is what is kept; and whatever becomes of the trainer, the run gets an end with a reason.
 */
import type { Experiment } from '../engine/config/experiment.ts';
import type { Envelope } from '../engine/run/protocol.ts';
import { superviseTrainer, type Trainer } from '../engine/run/supervisor.ts';
import { type AppError, StoreError } from '../errors.ts';
import type { RunState } from '../store/rows.ts';
import type { RunWriter } from '../store/run-writer.ts';
import type { Store } from '../store/store.ts';
import { identityOf } from './process-identity.ts';
import { readProvenance } from './provenance.ts';
import { resolveModel } from './resolve-model.ts';
import { type ExplainedEnd, explainEnd, explainStoreFailure } from './run-end.ts';

const HEARTBEAT_MS = 1_000;

export interface RunExperimentOptions {
  readonly experiment: Experiment;
  /** Open for writing; stays open. */
  readonly store: Store;
  /** Id for the run, by default a new one. */
  readonly runId?: string;
  /** Called once, when the run is in the store. */
  onStart?(run: { readonly runId: string; readonly directory: string }): void;
  /** Called for each event once it is in the store. */
  onEvent?(envelope: Envelope): void;
  /** Ends the training after its step, saved. */
  readonly stop: AbortSignal;
  /** Ends it at once. */
  readonly kill?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
  /** The user's folder, for the git commit. */
  readonly cwd?: string;
  /** The program that trains, by default our own. */
  readonly trainerPath?: string;
  /** How long a trainer that is killed may take to save, milliseconds. */
  readonly killAfterMs?: number;
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
 * @throws {ModelError} when the model is not here, {StoreError} when the run cannot be created: then there is no run
 */
export async function runExperiment(options: RunExperimentOptions): Promise<RunOutcome> {
  const { experiment, store, runId: id, env = process.env, cwd = process.cwd() } = options;
  const model = resolveModel(experiment.model, { store, env });
  const provenance = await readProvenance(cwd, env);
  const writer = store.createRun({ id, experiment, runner: identityOf(), ...provenance });
  const { runId, directory } = writer;
  if (model !== experiment.model) writer.note('model', `${experiment.model} is ${model}`);

  const history = new History(writer, options.onEvent);
  history.tell(() => options.onStart?.({ runId, directory }));
  const trainer = superviseTrainer({
    experiment: { ...experiment, model },
    runDirectory: directory,
    onEvent: (envelope) => history.add(envelope),
    env,
    trainerPath: options.trainerPath,
    killAfterMs: options.killAfterMs,
  });
  history.onFailure = () => trainer.stop();
  const release = obey(trainer, options);
  const heartbeat = setInterval(() => history.heartbeat(), HEARTBEAT_MS);
  try {
    const end = await trainer.finished;
    const wishes = { wasStopped: options.stop.aborted, wasKilled: options.kill?.aborted ?? false };
    const explained = history.failure ? explainStoreFailure(history.failure) : explainEnd(end, wishes);
    return finish(writer, explained);
  } finally {
    clearInterval(heartbeat);
    release();
  }
}

/** Passes the user's wishes on. @returns what undoes it */
function obey(trainer: Trainer, { stop, kill }: RunExperimentOptions): () => void {
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
  #hasToldOfListener = false;
  #missedBeat: StoreError | null = null;

  constructor(writer: RunWriter, listener?: (envelope: Envelope) => void) {
    this.#writer = writer;
    this.#listener = listener;
  }

  add(envelope: Envelope): void {
    const isKept = this.#write(() => this.#writer.record(envelope));
    if (isKept) this.tell(() => this.#listener?.(envelope));
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
