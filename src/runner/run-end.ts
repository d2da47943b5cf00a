/** Puts the end of a trainer into words: the state of the run, the reason, and the error its user gets. */
import type { TrainerEnd } from '../engine/run/supervisor.ts';
import { AppError, CancelledError, RunFailedError } from '../errors.ts';
import type { RunEnd } from '../store/run-writer.ts';

export interface ExplainedEnd {
  readonly end: RunEnd;
  /** Null for a run that completed. */
  readonly error: AppError | null;
}

const COMPLETED: RunEnd = {
  state: 'completed',
  reason: 'All steps were done.',
  hint: null,
  exitCode: null,
  signal: null,
  stderrTail: null,
};

/** What this runner had been asked for when the trainer ended. */
export interface Wishes {
  readonly wasStopped: boolean;
  readonly wasKilled: boolean;
  /** What the stop was asked with: a reason in words, where it was not simply the user. */
  readonly stopReason?: unknown;
}

/** What a trainer that died has left behind. */
export interface Traces {
  /** Whether a run can go on from what is saved. */
  readonly hasSoundCheckpoint: boolean;
  /** How often the system has killed for want of memory during the run; null where it does not say. */
  readonly memoryKills: number | null;
}

/** Gives back what to record and to tell about the end of a trainer; `traces` are asked for when it has died. */
export async function explainEnd(
  end: TrainerEnd,
  wishes: Wishes,
  traces: () => Promise<Traces>,
): Promise<ExplainedEnd> {
  switch (end.type) {
    case 'ended':
      if (end.reason === 'stopped') return explainStop(end.step, wishes);
      return { end: { ...COMPLETED, reason: end.detail ?? COMPLETED.reason }, error: null };
    case 'failed':
      return explainFailure(end);
    case 'died':
      return wishes.wasKilled ? explainKill(end) : explainDeath(end, await traces());
    default:
      return end satisfies never;
  }
}

/** The end of a run whose history could no longer be written. */
export function explainStoreFailure(error: AppError): ExplainedEnd {
  const reason = `The run was ended because its store failed: ${error.message}`;
  return { end: { ...COMPLETED, state: 'failed', reason, hint: error.hint ?? null }, error };
}

/** The end of a run whose model could not be fetched from the hub. */
export function explainFailedFetch(error: AppError): ExplainedEnd {
  if (error instanceof CancelledError) {
    const reason = 'Stopped at the request of the user while its model was fetched.';
    return { end: { ...COMPLETED, state: 'stopped', reason }, error: new CancelledError(reason) };
  }
  return { end: { ...COMPLETED, state: 'failed', reason: error.message, hint: error.hint ?? null }, error };
}

/** The end of a run that was asked to stop, and whose last step is saved. */
export function explainStop(step: number, { wasStopped, wasKilled, stopReason }: Wishes): ExplainedEnd {
  const asked = typeof stopReason === 'string' ? stopReason : 'at the request of the user';
  const who = wasStopped || wasKilled ? asked : 'since the trainer was told to from outside (SIGTERM),';
  const when = step === 0 ? 'before its first step: nothing to save' : `after step ${step}, which is saved`;
  const reason = `Stopped ${who} ${when}.`;
  return { end: { ...COMPLETED, state: 'stopped', reason }, error: new CancelledError(reason) };
}

function explainFailure({ error }: Extract<TrainerEnd, { type: 'failed' }>): ExplainedEnd {
  const hint = error.hint ?? undefined;
  const end: RunEnd = {
    ...COMPLETED,
    state: 'failed',
    reason: error.message,
    hint: error.hint,
    exitCode: error.exitCode,
  };
  return { end, error: new AppError(error.code, error.message, { hint }) };
}

type Death = Extract<TrainerEnd, { type: 'died' }>;

function explainKill(death: Death): ExplainedEnd {
  const reason = 'Killed at the request of the user before it could save.';
  return { end: endOfDeath(death, reason, null), error: new CancelledError(reason) };
}

function explainDeath(death: Death, traces: Traces): ExplainedEnd {
  const how = death.signal === null ? `with exit code ${death.exitCode}` : `by signal ${death.signal}`;
  const lastWords = lastLine(death.stderrTail);
  const after = death.lastEvent === null ? 'before its first event' : `after its event "${death.lastEvent}"`;
  const reason = `The trainer ended ${how}, ${after}${lastWords === '' ? '' : `: ${lastWords}`}.`;
  const goOn = traces.hasSoundCheckpoint
    ? '"bleubird resume" goes on from its newest checkpoint.'
    : 'It has saved no checkpoint to go on from.';
  const hint = `${hintForDeath(death, traces)} ${goOn}`;
  return { end: endOfDeath(death, reason, hint), error: new RunFailedError(reason, { hint }) };
}

/** Signals of a fault in native code. */
const CRASHES = ['SIGSEGV', 'SIGABRT', 'SIGILL', 'SIGBUS', 'SIGFPE'];

function hintForDeath({ signal, stderrTail }: Death, { memoryKills }: Traces): string {
  if (/heap out of memory|bad_alloc|Cannot allocate memory/i.test(stderrTail)) {
    return 'It ran out of memory: lower per_device_train_batch_size or max_source_length and max_target_length.';
  }
  if (signal === 'SIGKILL') return hintForKill(memoryKills);
  const log = 'trainer.log in the folder of the run has all it wrote';
  if (signal !== null && CRASHES.includes(signal)) {
    return `It crashed in native code: please report it; ${log}. "bleubird run FILE --device wasm" does without ours.`;
  }
  return `${log}.`;
}

function hintForKill(memoryKills: number | null): string {
  const cure = 'lower per_device_train_batch_size or max_source_length and max_target_length';
  if (memoryKills === null)
    return `Somebody or the system killed it; if that was for want of memory (see dmesg), ${cure}.`;
  if (memoryKills === 0) return 'Somebody killed it: the system has killed nothing for want of memory meanwhile.';
  return `The system has killed for want of memory meanwhile, most likely it: ${cure}.`;
}

function endOfDeath({ exitCode, signal, stderrTail }: Death, reason: string, hint: string | null): RunEnd {
  return { state: 'failed', reason, hint, exitCode, signal, stderrTail };
}

/** The most telling line of a Node crash: its error message, otherwise the last that is not empty. */
function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const message = lines.findLast((line) => /^(FATAL ERROR|[A-Z]\w*Error\b)/.test(line));
  return (message ?? lines.findLast((line) => line !== '' && !line.startsWith('Node.js v')) ?? '').replace(/\.$/, '');
}
