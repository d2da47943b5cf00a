/**
 * Holds the state outside React and does what reducers ask for. Every message changes the state at once, before the next
 * one is looked at: two presses of a key in one read see each other, and a run is never started twice.
 */
import { AppError, ConfigError } from '../errors.ts';
import type { UiServices } from './services.ts';
import type { Effect, Failure, Message } from './state/messages.ts';
import { readSettings } from './state/run-detail.ts';
import type { NamedRun, UiState } from './state/ui-state.ts';
import { updateUi } from './state/update-ui.ts';

export interface UiStore {
  getState(): UiState;
  dispatch(message: Message): void;
  /** Calls `listener` after each change. @returns the function that ends it */
  subscribe(listener: () => void): () => void;
}

export interface UiStoreOptions {
  readonly services: UiServices;
  readonly initialState: UiState;
  /** The user wants to leave. */
  readonly onQuit: () => void;
  /** The window shall be cleared and drawn again whole. */
  readonly onRedraw: () => void;
}

/** A store that starts with `initialState`. */
export function createUiStore({ services, initialState, onQuit, onRedraw }: UiStoreOptions): UiStore {
  let state = initialState;
  const listeners = new Set<() => void>();

  const dispatch = (message: Message): void => {
    const { state: next, effects } = updateUi(state, message);
    const hasChanged = next !== state;
    state = next;
    for (const effect of effects) perform(effect);
    if (hasChanged) for (const listener of listeners) listener();
  };

  const perform = (effect: Effect): void => {
    switch (effect.type) {
      case 'quit':
        onQuit();
        return;
      case 'redraw':
        onRedraw();
        return;
      case 'read-presets':
        attempt(() => dispatch({ type: 'presets-read', presets: services.presets() }));
        return;
      case 'read-settings': {
        const { runId, title } = effect;
        attempt(() => dispatch({ type: 'settings-read', title, values: readSettings(services, runId) }));
        return;
      }
      case 'check-experiment': {
        const { values, isStart } = effect;
        attempt(() => dispatch({ type: 'experiment-checked', problems: services.checkExperiment(values), isStart }));
        return;
      }
      case 'write-experiment': {
        const { values, fileName, overwrites } = effect;
        attempt(() => {
          const { path, isWritten } = services.writeExperiment(values, fileName, overwrites);
          dispatch(isWritten ? { type: 'experiment-written', path } : { type: 'file-exists', fileName, path, values });
        });
        return;
      }
      case 'start-run':
        settle(
          () => services.startRun(effect.values),
          (runId) => dispatch({ type: 'run-started', runId }),
          (error) => dispatch({ type: 'start-failed', failure: describeFailure(error) }),
        );
        return;
      case 'stop-run':
        settle(
          () => services.stopRun(effect.runId),
          () => dispatch({ type: 'stop-asked', title: effect.title }),
          (error) => dispatch({ type: 'failed', failure: describeFailure(error) }),
        );
        return;
      case 'resume-run': {
        const { runId, title } = effect;
        settle(
          () => services.resumeRun(runId),
          () => dispatch({ type: 'run-resumed', runId, title }),
          (error) => dispatch({ type: 'resume-failed', runId, failure: describeFailure(error) }),
        );
        return;
      }
      case 'delete-runs': {
        const deleted: NamedRun[] = [];
        settle(
          async () => {
            for (const run of effect.runs) {
              await services.deleteRun(run.runId);
              deleted.push(run);
            }
          },
          () => dispatch({ type: 'runs-deleted', runs: deleted, failure: null }),
          (error) => dispatch({ type: 'runs-deleted', runs: deleted, failure: describeFailure(error) }),
        );
        return;
      }
    }
    effect satisfies never;
  };

  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      dispatch({ type: 'failed', failure: describeFailure(error) });
    }
  };

  return {
    getState: () => state,
    dispatch,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * What a failed service has to say.
 * @throws the error itself when it is a programmer's mistake: those end the program, with the terminal restored
 */
export function describeFailure(error: unknown): Failure {
  if (error instanceof ConfigError && error.problems.length > 0) {
    return { message: error.message, hint: error.hint ?? null };
  }
  if (error instanceof AppError) return { message: error.message, hint: error.hint ?? null };
  if (error instanceof TypeError || error instanceof RangeError) throw error;
  return { message: error instanceof Error ? error.message : String(error), hint: null };
}

function settle<T>(work: () => Promise<T>, onDone: (result: T) => void, onFailed: (error: unknown) => void): void {
  // The work begins inside the chain, so that an error thrown before its first await is met like any other.
  Promise.resolve().then(work).then(onDone, onFailed);
}
