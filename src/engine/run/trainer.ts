/**
 * The trainer: the process that alone loads tfjs and trains. The supervisor forks it; nobody imports it.
 * It speaks over the IPC channel and keeps stdout silent. On a terminal Ctrl-C reaches it too: it leaves the decision to
 * the runner, who sends `stop`. When the runner is gone, nobody will: it saves what it can and ends by itself, within 2 s.
 */
import { AppError, RunFailedError } from '../../errors.ts';
import type { Experiment } from '../config/experiment.ts';
import { EventSender, receiveCommand } from './channel.ts';
import { keepInJournal } from './keep-in-journal.ts';
import type { ResumePoint, TrainerCommand } from './protocol.ts';
import { RunControl } from './run-control.ts';
import { watchRunner } from './runner-watch.ts';

const send = process.send?.bind(process);
if (send === undefined) {
  process.stderr.write('The trainer is started by bleubird itself: use `bleubird run FILE.yaml`.\n');
  process.exit(2);
}

const sender = new EventSender((message, sent) => send(message, undefined, undefined, sent), Date.now);
const control = new RunControl();
let hasStarted = false;
let hasFailed = false;

process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
process.on('SIGTERM', () => control.stop());
process.on('disconnect', () => {
  sender.close(); // into the journal before all else: there may be no time for more
  control.stop();
});
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
// With the runner dead the pipes are closed: the words are lost, the checkpoint must not be.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

process.on('message', (message) => {
  try {
    obey(receiveCommand(message));
  } catch (error) {
    fail(error);
  }
});

function obey(command: TrainerCommand): void {
  switch (command.type) {
    case 'start':
      if (hasStarted) throw new RunFailedError('The trainer was started twice.');
      hasStarted = true;
      if (command.runnerPid !== null) control.limitTime(watchRunner(command.runnerPid));
      if (command.journal !== null) sender.keepWith(keepInJournal(command.journal, Date.now, tellLost));
      // The runner read and checked the experiment, and the protocol's version says it is the same program.
      run(command.experiment as Experiment, command.runDirectory, command.resume).catch(fail);
      return;
    case 'stop':
      control.stop();
      return;
    case 'leave':
      sender.close();
      return;
    case 'recorded':
      sender.recorded(command.seq);
      return;
    case 'checkpoint-now':
      control.askCheckpoint();
      return;
    default:
      command satisfies never;
  }
}

async function run(experiment: Experiment, runDirectory: string, resume: ResumePoint | null): Promise<void> {
  // Loaded here so that a backend that cannot be loaded is a `failed` event, not a silent death.
  const { trainExperiment } = await import('./train-experiment.ts');
  await trainExperiment({
    experiment,
    runDirectory,
    resume,
    control,
    outlet: sender,
    now: () => performance.now(),
  });
  await end(0);
}

/** Only a debugger reads it: whoever kept the log is gone too. */
function tellLost(error: unknown): void {
  process.stderr.write(`Events were lost: the journal cannot be written. ${stackOf(error)}\n`);
}

/** Says why it cannot go on, on both ways out, and ends. */
function fail(error: unknown): void {
  if (hasFailed) return;
  hasFailed = true;
  const failure =
    error instanceof AppError
      ? error
      : new RunFailedError(`The trainer failed: ${error instanceof Error ? error.message : String(error)}`, {
          hint: 'This is a fault of bleubird. trainer.log in the folder of the run has the details.',
          cause: error,
        });
  process.stderr.write(`${stackOf(failure)}\n`);
  void sender.send({ type: 'failed', ...failure.toJSON() });
  void end(failure.exitCode);
}

/** Ends once all that was sent is recorded: a runner that dies now must not take it along. */
async function end(exitCode: number): Promise<void> {
  await sender.flush();
  process.exit(exitCode);
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\nCaused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
