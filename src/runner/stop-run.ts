/** Asks the runner of a run, a process of its own, to stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../engine/files/system-error.ts';
import { StoreError } from '../errors.ts';
import type { RunState } from '../store/rows.ts';
import { isUnfinished } from '../store/run-state.ts';
import type { Store } from '../store/store.ts';
import { isAlive, placeOf } from './process-identity.ts';
import { recordEnd } from './reconcile-runs.ts';

export interface StopOptions {
  /** How long to wait for the run to end, milliseconds; 0, the default, returns at once. */
  readonly waitMs?: number;
  /** Ask again although it was asked before: the runner takes the second time as "at once, without saving". */
  readonly again?: boolean;
}

/**
 * Sends the runner SIGINT, on which it ends after the current step and saves. A second call does not send it again, so
 * that pressing the key twice does no harm.
 *
 * @returns the state of the run when it returns, often still `running`
 * @throws {StoreError} when the run is unknown, not running, or on another host
 */
export async function stopRun(store: Store, id: string, options: StopOptions = {}): Promise<RunState> {
  const run = store.findRun(id);
  if (!isUnfinished(run.state)) {
    throw new StoreError(`Run ${run.id} is ${run.state}, not running.`, {
      hint: 'bleubird ls shows which runs go on.',
    });
  }
  const isRunnerAlive = run.runner === null ? false : isAlive(run.runner);
  if (run.runner === null || isRunnerAlive === false) {
    recordEnd(store, run);
    throw new StoreError(`Run ${run.id} is ${store.findRun(run.id).state}: its runner no longer lives.`, {
      hint: `bleubird show ${run.id} tells what it had reached.`,
    });
  }
  if (isRunnerAlive === null) {
    throw new StoreError(`Run ${run.id} runs ${placeOf(run.runner)}.`, { hint: 'Stop it from there.' });
  }
  signalRunner(run.id, run.runner.pid, 0); // only asks: where it may not be signalled, nobody has asked it to stop
  const isFirst = store.markStopRequested(run.id);
  if (isFirst || options.again) signalRunner(run.id, run.runner.pid, 'SIGINT');
  return await stateAfter(store, run.id, options.waitMs ?? 0);
}

function signalRunner(id: string, pid: number, signal: 'SIGINT' | 0): void {
  try {
    process.kill(pid, signal);
  } catch (cause) {
    if (errorCode(cause) === 'ESRCH') return; // it ended by itself just now
    throw new StoreError(`Run ${id} belongs to another user: process ${pid} cannot be signalled.`, {
      hint: 'Stop it as that user.',
      cause,
    });
  }
}

async function stateAfter(store: Store, id: string, waitMs: number): Promise<RunState> {
  const end = performance.now() + waitMs;
  for (;;) {
    const { state } = store.findRun(id);
    const remainingMs = end - performance.now();
    if (!isUnfinished(state) || remainingMs <= 0) return state;
    await sleep(Math.min(100, remainingMs));
  }
}
