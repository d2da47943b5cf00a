/** Starts a runner that outlives this program: a process of its own session, its words in a log in the folder of the run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, lstatSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Experiment } from '../engine/config/experiment.ts';
import { formatExperiment } from '../engine/config/format-experiment.ts';
import { APPEND } from '../engine/files/append-flags.ts';
import { errorCode } from '../engine/files/system-error.ts';
import { AppError, type AppErrorCode, EXIT_CODES, RunFailedError, StoreError } from '../errors.ts';
import { LastingStore } from '../store/lasting-store.ts';
import type { RunnerIdentity } from '../store/rows.ts';
import { withStoreErrors } from '../store/sqlite-error.ts';
import { identityOf } from './process-identity.ts';

interface DetachedOptions {
  readonly storeDirectory: string;
  /** The program's entry, started as `node binPath run …` or `resume …`. */
  readonly binPath: string;
  readonly env?: NodeJS.ProcessEnv;
  /** How long the runner may take until its run is in the store, milliseconds. */
  readonly patienceMs?: number;
}

export interface StartDetachedOptions extends DetachedOptions {
  readonly experiment: Experiment;
  /** As `runExperiment` takes it. */
  readonly resumeFrom?: string | null;
}

export interface ResumeDetachedOptions extends DetachedOptions {
  /** Id of a run that can be taken up again. */
  readonly runId: string;
}

/**
 * Starts the runner and waits until its run is in the store.
 *
 * @throws {AppError} with the runner's own words and kind when it ended before that; {StoreError} when the store cannot be written
 */
export async function startDetachedRunner(options: StartDetachedOptions): Promise<{ runId: string; pid: number }> {
  const lasting = new LastingStore(options.storeDirectory);
  try {
    return await startInStore(lasting, options);
  } finally {
    lasting.close();
  }
}

/**
 * Starts a runner that goes on with a run, and waits until it has taken it up.
 *
 * @throws {AppError} as `startDetachedRunner`; then the run is as it was
 */
export async function resumeDetachedRunner(options: ResumeDetachedOptions): Promise<{ runId: string; pid: number }> {
  const { runId } = options;
  const lasting = new LastingStore(options.storeDirectory);
  try {
    const store = lasting.current;
    const parameters = [options.binPath, 'resume', runId, '--no-ui', '--store', store.directory];
    // A run that ends at once is not running any more when it is looked at: the runner's name stays with it.
    // By its number alone it could be the runner before, as in a container whose numbers begin anew.
    const isTakenUp = ({ pid, processStart }: RunnerIdentity) => {
      const runner = lasting.current.readRun(runId)?.runner;
      return runner?.pid === pid && runner.processStart === processStart;
    };
    return { runId, pid: await startRunner(store.runDirectory(runId), parameters, isTakenUp, options) };
  } finally {
    lasting.close();
  }
}

async function startInStore(
  lasting: LastingStore,
  options: StartDetachedOptions,
): Promise<{ runId: string; pid: number }> {
  const store = lasting.current;
  const isThere = () => lasting.current.readRun(runId) !== null;
  const runId = store.reserveRunId();
  const directory = store.runDirectory(runId);
  const file = join(directory, 'experiment.yaml');
  try {
    withStoreErrors(directory, () => writeFileSync(file, formatExperiment(options.experiment), { mode: 0o600 }));
    const { resumeFrom = null } = options;
    const parameters = [options.binPath, 'run', file, '--no-ui', '--run-id', runId, '--store', store.directory];
    if (resumeFrom !== null) parameters.push('--resume-from', resumeFrom);
    const pid = await startRunner(directory, parameters, isThere, options);
    return { runId, pid };
  } catch (error) {
    // Without a run nobody would ever find its folder, and what the log says is in the error.
    if (!isThere()) rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** Starts a runner whose words go to a log in the run's folder. @returns its process number, once `isThere` */
async function startRunner(
  directory: string,
  parameters: readonly string[],
  isThere: (runner: RunnerIdentity) => boolean,
  { env = process.env, patienceMs = 60_000 }: DetachedOptions,
): Promise<number> {
  const logPath = join(directory, 'runner.log');
  const log = withStoreErrors(directory, () => openLog(logPath));
  const { size } = fstatSync(log); // what an earlier runner of the run has said
  const runner = launch(parameters, { log, env });
  const { pid = 0 } = runner;
  const identity = identityOf(pid);
  const failure = await failureToAppear(runner, () => isThere(identity), patienceMs);
  if (failure === null) return pid;
  const words = readWords(logPath, size);
  throw words === '' ? failure : sayMore(failure, words);
}

/** Gives what a log says behind its first `size` bytes; nothing where its run was deleted meanwhile. */
function readWords(path: string, size: number): string {
  try {
    return readFileSync(path).subarray(size).toString().trim();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/** Opens a log to add to, never through a link, which could lead to any file of the user. The caller closes it. */
function openLog(path: string): number {
  try {
    return openSync(path, APPEND, 0o600);
  } catch (cause) {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there === undefined || there.isFile()) throw cause;
    const kind = there.isSymbolicLink() ? 'a link' : 'no file';
    throw new StoreError(`The log ${path} is ${kind}: no runner writes through it.`, { hint: 'Remove it.', cause });
  }
}

/** Starts Node in a session of its own; `log` is closed here. */
function launch(parameters: readonly string[], { log, env }: { log: number; env: NodeJS.ProcessEnv }): ChildProcess {
  try {
    const runner = spawn(process.execPath, parameters, { detached: true, stdio: ['ignore', log, log], env });
    runner.unref();
    return runner;
  } finally {
    closeSync(log);
  }
}

/** Waits for the run. @returns null once it is there, otherwise why it will not come */
async function failureToAppear(
  runner: ChildProcess,
  isThere: () => boolean,
  patienceMs: number,
): Promise<AppError | null> {
  let end: AppError | null = null;
  runner.once('exit', (exitCode, signal) => {
    end ??= new AppError(
      codeOf(exitCode),
      `The runner ended ${signal === null ? `with exit code ${exitCode}` : `by signal ${signal}`} before its run began.`,
    );
  });
  runner.once('error', (cause) => {
    end ??= new RunFailedError(`The runner could not be started: ${cause.message}`, { cause });
  });
  const deadline = performance.now() + patienceMs; // whatever is done to the clock on the wall meanwhile
  for (;;) {
    // Both looked at first: a quick run may begin and end between the two, and this process may have been stopped meanwhile.
    const ended = end;
    const isOver = performance.now() >= deadline;
    if (isThere()) return null;
    if (ended !== null) return ended;
    if (isOver) break;
    await sleep(25);
  }
  runner.kill('SIGKILL');
  return new RunFailedError(`The runner did not begin its run within ${patienceMs / 1000} seconds and was ended.`);
}

function sayMore(failure: AppError, words: string): AppError {
  return new AppError(failure.code, `${failure.message} It said:\n${words}`, { cause: failure });
}

function codeOf(exitCode: number | null): AppErrorCode {
  const codes = Object.keys(EXIT_CODES) as AppErrorCode[];
  return codes.find((code) => EXIT_CODES[code] === exitCode) ?? 'RUN_FAILED';
}
