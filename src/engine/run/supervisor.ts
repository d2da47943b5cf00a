/**
 * The runner's side of a trainer: forks it, hands on its events, passes commands down, and tells how it ended, whatever
 * the way. The trainer's output never reaches the runner's own: it goes to `trainer.log`, its last words into the result.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AppError, RunFailedError } from '../../errors.ts';
import type { Experiment } from '../config/experiment.ts';
import { clearUnfinished } from '../training/checkpoint.ts';
import { eventReceiver, sendCommand } from './channel.ts';
import { LogText } from './log-text.ts';
import { OutputTail } from './output-tail.ts';
import type { Envelope, ResumePoint, TrainerCommand, TrainerEvent, TrainerJournal } from './protocol.ts';
import { TrainerLog } from './trainer-log.ts';
import type { ReceivedEvent, WireEnvelope } from './wire.ts';

const TAIL_BYTES = 8 * 1024;
const KILL_AFTER_MS = 5_000;
/** After its last word is recorded; a thread that waits for a pipe would keep the process for ever. */
const EXIT_WITHIN_MS = 2_000;

export interface SuperviseOptions {
  /** Its `model` names a directory. */
  readonly experiment: Experiment;
  /** Exists; gets `checkpoints/` and `trainer.log`. */
  readonly runDirectory: string;
  /** Where to go on from; by default the training starts from its beginning. */
  readonly resume?: ResumePoint | null;
  /** Where the trainer puts what nobody takes from it any more; by default nowhere. */
  readonly journal?: TrainerJournal | null;
  /**
   * Called for each event in order, also as it travelled. The trainer is told that it is recorded when this returns, or
   * when the promise that it gives back is fulfilled; what it throws ends the trainer and rejects `finished`.
   */
  onEvent(envelope: Envelope, wire: WireEnvelope): void | Promise<void>;
  readonly env?: NodeJS.ProcessEnv;
  /** The program to fork, by default the trainer beside this file, as TypeScript or JavaScript like it. */
  readonly trainerPath?: string;
  /** How long `kill` waits after SIGTERM before SIGKILL. */
  readonly killAfterMs?: number;
}

export type TrainerEnd =
  | {
      readonly type: 'ended';
      readonly reason: 'completed' | 'stopped';
      readonly step: number;
      readonly detail?: string;
    }
  | { readonly type: 'failed'; readonly error: ReturnType<AppError['toJSON']> }
  | {
      readonly type: 'died';
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly stderrTail: string;
      readonly lastEvent: string | null;
    };

export interface Trainer {
  readonly pid: number | null;
  /** Ends the training after its step; it saves a checkpoint and says `ended`. */
  stop(): void;
  /** Takes no event any more: it saves, puts what is not recorded into the journal, and ends. */
  leave(): void;
  /** Lets it save a checkpoint after the step in hand. */
  checkpointNow(): void;
  /** Ends the process: SIGTERM, on which it still tries to save, then SIGKILL. */
  kill(): void;
  /** Ends it at once and touches nothing in its folder, which is another's now. */
  abandon(): void;
  /** Settles once the process is gone and all it wrote and sent has been read. Rejects only with what `onEvent` threw. */
  readonly finished: Promise<TrainerEnd>;
}

/** Starts a trainer and its experiment. */
export function superviseTrainer(options: SuperviseOptions): Trainer {
  const { experiment, runDirectory, onEvent, killAfterMs = KILL_AFTER_MS } = options;
  // Told the folder also in its arguments: by them an orphan of this run is known from another run's trainer.
  const child = fork(options.trainerPath ?? siblingTrainer(), [runDirectory], {
    execArgv: [], // the runner's own flags (a debugger's port, a test runner's loader) are not the trainer's
    serialization: 'json',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: options.env ?? process.env,
  });
  const stderrTail = new OutputTail(TAIL_BYTES);
  const log = new TrainerLog(join(runDirectory, 'trainer.log'));
  const [outputText, errorText] = [new LogText(), new LogText()];
  child.stdout?.on('data', (chunk: Buffer) => log.write(outputText.of(chunk)));
  child.stderr?.on('data', (chunk: Buffer) => {
    stderrTail.push(chunk);
    log.write(errorText.of(chunk));
  });

  let killTimer: NodeJS.Timeout | undefined;
  const kill = () => {
    if (child.exitCode !== null || child.signalCode !== null || killTimer !== undefined) return;
    child.kill('SIGTERM');
    killTimer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  };
  const command = (message: TrainerCommand) => {
    if (child.connected) sendCommand((wire, sent) => child.send(wire, sent), message);
  };
  let isAbandoned = false;
  const abandon = () => {
    isAbandoned = true;
    child.kill('SIGKILL');
  };
  const leave = () => {
    command({ type: 'leave' });
    command({ type: 'stop' });
  };
  let exitTimer: NodeJS.Timeout | undefined;
  const events = listen(child, onEvent, {
    recorded: (seq) => {
      command({ type: 'recorded', seq });
      if (isEnd(events.last)) exitTimer ??= setTimeout(() => child.kill('SIGKILL'), EXIT_WITHIN_MS);
    },
    giveUp: () => {
      leave();
      kill();
    },
  });

  const finished = processEnd(child).then(async (end): Promise<TrainerEnd> => {
    clearTimeout(killTimer);
    clearTimeout(exitTimer);
    const logFailure = await log.close();
    if (logFailure !== null) stderrTail.push(Buffer.from(`trainer.log could not be written: ${logFailure.message}\n`));
    if (!isAbandoned) await clearUnfinished(join(runDirectory, 'checkpoints')); // what it was saving when it was killed
    if (events.listenerFailure !== null) throw events.listenerFailure.error;
    const error = end.startError ?? events.protocolError;
    if (error !== null) return { type: 'failed', error: error.toJSON() };
    const { last } = events;
    if (last?.type === 'ended') return { type: 'ended', reason: last.reason, step: last.step, detail: last.detail };
    if (last?.type === 'failed') {
      const { code, exitCode, message, hint } = last;
      return { type: 'failed', error: { code, exitCode, message, hint } };
    }
    const { exitCode, signal } = end;
    return { type: 'died', exitCode, signal, stderrTail: stderrTail.text(), lastEvent: last?.type ?? null };
  });

  const { resume = null, journal = null } = options;
  command({ type: 'start', experiment, runDirectory, resume, journal, runnerPid: process.pid });
  return {
    pid: child.pid ?? null,
    stop: () => command({ type: 'stop' }),
    leave,
    checkpointNow: () => command({ type: 'checkpoint-now' }),
    kill,
    abandon,
    finished,
  };
}

/** From sources the trainer is a .ts file, which Node runs as it is; in the package a .js file. */
function siblingTrainer(): string {
  return fileURLToPath(new URL(`trainer${extname(import.meta.url)}`, import.meta.url));
}

interface Events {
  last: TrainerEvent | null;
  protocolError: RunFailedError | null;
  listenerFailure: { readonly error: unknown } | null;
}

interface Replies {
  recorded(seq: number): void;
  /** Nobody listens any more. */
  giveUp(): void;
}

/** Hands events on until one cannot be trusted or kept; then ends the trainer, since nobody listens any more. */
function listen(child: ChildProcess, onEvent: SuperviseOptions['onEvent'], { recorded, giveUp }: Replies): Events {
  const receive = eventReceiver();
  const tell = oncePerTurn(recorded);
  const events: Events = { last: null, protocolError: null, listenerFailure: null };
  const fail = (error: unknown) => {
    events.listenerFailure ??= { error };
    giveUp();
  };
  child.on('message', (message) => {
    if (events.protocolError !== null || events.listenerFailure !== null) return;
    let received: ReceivedEvent;
    try {
      received = receive(message);
    } catch (error) {
      if (!(error instanceof RunFailedError)) throw error;
      events.protocolError = error;
      giveUp();
      return;
    }
    const { envelope, wire } = received;
    if (!isEnd(events.last)) events.last = envelope.event;
    try {
      const recording = onEvent(envelope, wire);
      if (recording instanceof Promise) recording.then(() => tell(envelope.seq), fail);
      else tell(envelope.seq);
    } catch (error) {
      fail(error);
    }
  });
  return events;
}

/** Of the numbers given in one turn of the event loop only the last is passed on. */
function oncePerTurn(tell: (seq: number) => void): (seq: number) => void {
  let newest: number | null = null;
  return (seq) => {
    if (newest === null) {
      setImmediate(() => {
        if (newest !== null) tell(newest);
        newest = null;
      });
    }
    newest = seq;
  };
}

/** A fault that was still under way may speak after the trainer has said why it ends: the first word counts. */
function isEnd(event: TrainerEvent | null): boolean {
  return event?.type === 'ended' || event?.type === 'failed';
}

interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly startError: RunFailedError | null;
}

/** Settles when the process is gone, its output read to the end and its last message delivered. */
async function processEnd(child: ChildProcess): Promise<ProcessEnd> {
  const startError = await new Promise<RunFailedError | null>((resolve) => {
    child.once('close', () => resolve(null));
    child.on('error', (cause) => {
      if (child.pid !== undefined) return; // a command or signal to a process that is just ending: `close` follows
      resolve(new RunFailedError(`The trainer could not be started: ${cause.message}`, { cause }));
    });
  });
  // Not `once` of node:events, here and below: it rejects on an `error` that is dealt with already.
  if (startError === null && child.connected) await new Promise((resolve) => child.once('disconnect', resolve));
  return { exitCode: child.exitCode, signal: child.signalCode, startError };
}
