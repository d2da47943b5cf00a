/** A run in the foreground without a screen: this process is the runner, and tells what happens as text or as JSON. */
import { resolve } from 'node:path';
import type { Experiment } from '../../engine/config/experiment.ts';
import type { Envelope } from '../../engine/run/protocol.ts';
import { bestMetricName } from '../../engine/training/best-model.ts';
import { describePush } from '../../runner/describe-push.ts';
import type { PushNews } from '../../runner/push-in-background.ts';
import type { RunOptions, RunOutcome } from '../../runner/run-experiment.ts';
import type { Store } from '../../store/store.ts';
import { beforeAndAfter } from '../../ui/state/comparability.ts';
import { visibleText } from '../../ui/text/fit-text.ts';
import { beforeAfterLines } from '../before-after.ts';
import { DownloadProgress } from '../download-progress.ts';
import { withStore } from '../store-option.ts';
import type { World } from '../world.ts';
import { Narrator } from './narrator.ts';

export interface HeadlessOptions {
  readonly store?: string;
  readonly runId?: string;
  readonly json?: boolean;
  /** A checkpoint, or the folder of a run, that the training goes on from. */
  readonly resumeFrom?: string;
}

/** Who listens to a run. */
interface Reporter {
  start(run: { readonly runId: string; readonly directory: string }): void;
  event(envelope: Envelope): void;
  push(news: PushNews): void;
  end(outcome: RunOutcome, store: Store): void;
}

/**
 * Runs the experiment to its end.
 *
 * @throws {AppError} that tells why the run did not complete; CancelledError when the user ended it
 */
export async function runHeadless(experiment: Experiment, options: HeadlessOptions, world: World): Promise<void> {
  const { runExperiment } = await import('../../runner/run-experiment.ts');
  const { runId, resumeFrom } = options;
  const { cwd } = world;
  await withStore(world, options.store, (store) =>
    conduct(store, experiment, options, world, (hooks) =>
      runExperiment({ experiment, store, runId, resumeFrom: resumeFrom && resolve(cwd, resumeFrom), cwd, ...hooks }),
    ),
  );
}

/**
 * Goes on with a run to its end.
 *
 * @param run  as a user names it
 * @throws {AppError} that tells why it cannot be resumed or did not complete; CancelledError when the user ended it
 */
export async function resumeHeadless(run: string, options: HeadlessOptions, world: World): Promise<void> {
  const [{ resumeRun }, { requireResumable }, { storedExperiment }] = await Promise.all([
    import('../../runner/resume-run.ts'),
    import('../../runner/resume-point.ts'),
    import('../../runner/stored-experiment.ts'),
  ]);
  await withStore(world, options.store, async (store) => {
    const experiment = storedExperiment(await requireResumable(store, run));
    await conduct(store, experiment, options, world, (hooks) => resumeRun({ run, store, ...hooks }));
  });
}

/** Tells of a run while it is done. @throws {AppError} that tells why it did not complete */
async function conduct(
  store: Store,
  experiment: Experiment,
  options: HeadlessOptions,
  world: World,
  work: (hooks: RunOptions) => Promise<RunOutcome>,
): Promise<void> {
  const reporter = options.json ? jsonReporter(world) : textReporter(experiment, world);
  // The run is worth more than its log: it goes on when the reader of the log is gone.
  world.output.onStdoutClosed((failure) => {
    const what =
      failure === null ? 'nobody reads this any more' : `this cannot be written any more (${failure.message})`;
    world.output.warn(`${what}; the run goes on`);
  });
  const interrupt = listenToInterrupts(world);
  const wishes = new EventTarget();
  const releaseSave = world.onSaveWish(() => wishes.dispatchEvent(new Event('save')));
  const progress = new DownloadProgress(experiment.model, world);
  const pushProgress = new DownloadProgress(experiment.training.hub_model_id ?? '', world, 'pushing');
  try {
    const outcome = await work({
      onStart: (run) => reporter.start(run),
      onWarning: (message) => world.output.warn(message),
      onEvent: (envelope) => {
        if (envelope.event.type === 'ended') interrupt.endTraining();
        reporter.event(envelope);
      },
      onFetch: (doneBytes, totalBytes) => progress.update(doneBytes, totalBytes),
      onPause: (reason) =>
        world.output.warn(
          reason === null ? 'the run goes on' : `paused: ${reason}; the run goes on as soon as that is over`,
        ),
      onPush: (news) => reporter.push(news),
      onPushProgress: (doneBytes, totalBytes) => pushProgress.update(doneBytes, totalBytes),
      stop: interrupt.stop,
      kill: interrupt.kill,
      wishes,
      env: world.env,
    });
    reporter.end(outcome, store);
    if (outcome.error !== null) throw outcome.error;
  } finally {
    interrupt.release();
    releaseSave();
  }
}

/** Launchers such as npm hand on the signal that the terminal has sent already: within this time it is the same key press. */
const SAME_PRESS_MS = 500;

interface Interrupt {
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
  /** No step is made any more: what an interrupt ends from now on is the waiting for the last push. */
  endTraining(): void;
  release(): void;
}

/** Whose wish an end is, as a run tells it; any other signal is the user's. */
const wishOf: Partial<Record<NodeJS.Signals, string>> = {
  SIGHUP: 'since its terminal was closed (SIGHUP),',
  SIGTERM: 'since it was told to from outside (SIGTERM),',
};

/** The first interrupt asks for a stop after the step, a second for an end at once. */
function listenToInterrupts(world: World): Interrupt {
  const stop = new AbortController();
  const kill = new AbortController();
  let firstAt: number | null = null;
  let hasTrained = false;
  const release = world.onInterrupt((signal) => {
    if (firstAt === null) {
      firstAt = performance.now();
      world.output.note(
        hasTrained
          ? 'Ending the run now, without waiting for its push.'
          : 'Stopping after this step, saved. Ctrl-C again ends it at once.',
      );
      stop.abort(wishOf[signal]);
    } else if (performance.now() - firstAt > SAME_PRESS_MS) {
      world.output.note('Ending the run at once.');
      kill.abort();
    }
  });
  const endTraining = () => {
    hasTrained = true;
  };
  return { stop: stop.signal, kill: kill.signal, endTraining, release };
}

function textReporter(experiment: Experiment, { output }: World): Reporter {
  const narrator = new Narrator(experiment.training.logging_steps, () => performance.now());
  let id = '';
  return {
    start: ({ runId, directory }) => {
      id = runId;
      output.line(`run     ${runId}: ${directory}`);
    },
    event: ({ event }) => {
      for (const { to, text } of narrator.linesFor(event)) {
        if (to === 'log') output.line(text);
        else output.note(text);
      }
    },
    push: (news) => {
      if (news.type === 'pushed') output.line(`${'pushed'.padEnd(8)}${visibleText(describePush(news, id))}`);
      else output.warn(describePush(news, id));
    },
    end: ({ runId, state }, store) => {
      const { before, after } = beforeAndAfter(store.evaluations(runId));
      output.line(`end     ${state}`);
      const { endReason, step } = store.findRun(runId);
      // Which model is the best, and whether patience ended it; of a failure the error tells.
      if (state === 'completed' && bestMetricName(experiment.training) !== null && endReason !== null) {
        output.line(`${' '.repeat(8)}${visibleText(endReason)}`);
      }
      const table = beforeAfterLines(before, after, output);
      if (table.length > 0) output.line();
      for (const line of table) output.line(line);
      if (state === 'stopped' && step > 0) output.note(`hint: bleubird resume ${runId} goes on with it.`);
      if (before?.bleu && after?.bleu) output.note(`hint: bleubird samples ${runId} --sort delta shows what changed.`);
    },
  };
}

function jsonReporter({ output }: World): Reporter {
  return {
    start: ({ runId, directory }) => output.json({ type: 'run', run: runId, directory }),
    event: ({ seq, time, event }) => output.json({ seq, time, ...event }),
    push: (news) => output.json(news),
    end: ({ runId, state }, store) => {
      const { before, after } = beforeAndAfter(store.evaluations(runId));
      const bleuDelta = store.beforeAfter(runId)?.bleuDelta ?? null;
      output.json({ type: 'result', run: runId, state, before, after, bleuDelta });
    },
  };
}
