/**
 * A trainer that does what its experiment is called, for tests of the runner: a real process that speaks the real protocol,
 * without a model. `steps-N` completes after N steps, `wait` goes on until it is stopped.
 */
import type { Envelope, TrainerCommand, TrainerEvent } from '../../src/engine/run/protocol.ts';
import { metrics } from '../store/run-events.ts';
import { bleu, evaluationEvent } from '../support/evaluation.ts';

let seq = 0;
let stopped = (): void => {};
function tell(event: TrainerEvent): void {
  seq += 1;
  const envelope: Envelope = { v: 1, seq, time: Date.now(), event };
  process.send?.(envelope);
}

const scripts: Record<string, () => void> = {
  wait,
  idle() {
    stopped = () => {
      tell({ type: 'ended', reason: 'stopped', step: 0 });
      process.disconnect();
    };
  },
  stubborn() {
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 1_000);
  },
  'saved-stubborn'() {
    for (const step of [1, 2]) tell(metrics(step, { loss: 1 }));
    tell({ type: 'checkpoint', step: 2, epoch: 1, path: 'checkpoints/checkpoint-2', sizeBytes: 1 });
    scripts.stubborn?.();
  },
  crash() {
    tell(metrics(1, { loss: 2 }));
    setTimeout(() => {
      throw new RangeError('the vocabulary is too small');
    }, 20);
  },
  killed() {
    tell(metrics(1, { loss: 2 }));
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50);
  },
  segfault() {
    setTimeout(() => process.kill(process.pid, 'SIGSEGV'), 50);
  },
  fail() {
    tell({ type: 'failed', code: 'DATA', exitCode: 3, message: 'pairs.tsv is empty.', hint: 'Give another file.' });
    process.disconnect();
  },
};

function start(script: string, resume: { checkpoint: string } | null): void {
  tell({
    type: 'ready',
    pid: process.pid,
    device: 'none',
    description: 'a script',
    why: 'it is scripted',
    versions: { script: '1' },
  });
  const done = resume === null ? 0 : Number(/\d+$/.exec(resume.checkpoint)?.[0]);
  if (resume !== null) tell({ type: 'resumed', step: done, checkpoint: resume.checkpoint });
  const steps = /^steps-(\d+)$/.exec(script)?.[1];
  if (steps !== undefined) complete(done, Number(steps));
  // Fails the first time, and is completed when it is resumed.
  else if (script !== 'crash-once') scriptCalled(script)();
  else if (resume === null) scripts.crash?.();
  else complete(done, 5);
}

/** One that nobody wrote would leave the runner waiting for ever. */
function scriptCalled(name: string): () => void {
  const script = scripts[name];
  if (script === undefined) throw new RangeError(`there is no script "${name}"`);
  return script;
}

function complete(done: number, steps: number): void {
  if (done === 0) tell(evaluationEvent());
  for (let step = done + 1; step <= steps; step++) tell(metrics(step, { loss: 4 / step }));
  tell(evaluationEvent({ stage: 'after', step: steps, bleu: bleu(40) }));
  tell({ type: 'ended', reason: 'completed', step: steps });
  process.disconnect();
}

/** One point every few milliseconds. */
function wait(): void {
  let step = 0;
  const timer = setInterval(() => {
    step += 1;
    tell(metrics(step, { loss: 1 / step }));
  }, 10);
  stopped = () => {
    clearInterval(timer);
    tell({ type: 'ended', reason: 'stopped', step });
    process.disconnect();
  };
}

process.on('message', (message: { command: TrainerCommand }) => {
  const { command } = message;
  // The runner sends what it has read as an experiment.
  if (command.type === 'start') start((command.experiment as { name: string }).name, command.resume);
  if (command.type === 'stop') stopped();
});
process.on('SIGTERM', () => stopped());
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());
