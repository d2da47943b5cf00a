/**
 * A trainer for the fault campaign: a real process with the real protocol and real checkpoints, whose model is eight
 * numbers that each step changes by the numbers before. As in a training, one step missed or made twice shows in the end.
 */
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readModelFiles } from '../../src/engine/model/model-directory.ts';
import { readSafetensors } from '../../src/engine/model/safetensors.ts';
import { EventSender, receiveCommand } from '../../src/engine/run/channel.ts';
import { keepInJournal } from '../../src/engine/run/keep-in-journal.ts';
import { RunControl } from '../../src/engine/run/run-control.ts';
import { watchRunner } from '../../src/engine/run/runner-watch.ts';
import { whenThereIsRoom } from '../../src/engine/run/when-there-is-room.ts';
import { saveCheckpoint } from '../../src/engine/training/checkpoint.ts';
import { openCheckpoint } from '../../src/engine/training/open-checkpoint.ts';
import type { TrainerState } from '../../src/engine/training/trainer-state.ts';
import { bleu, evaluationEvent } from '../support/evaluation.ts';
import { firstWeights, HEAP_MB, nextWeights, pointsOf, STEPS } from './toy-training.ts';

const SAVE_EVERY = 10;
const stepMs = Number(process.env.TOY_STEP_MS);

const send = process.send?.bind(process);
if (send === undefined) throw new Error('The toy trainer is forked by a runner.');
const sender = new EventSender((message, sent) => send(message, undefined, undefined, sent), Date.now);
const control = new RunControl();
const stop = () => control.stop();
const leave = () => {
  sender.close();
  stop();
};
process.on('SIGINT', () => {});
process.on('SIGTERM', stop);
process.on('disconnect', leave);
process.on('SIGUSR2', () => process.disconnect()); // the campaign cuts the channel
process.on('SIGALRM', eatHeap);
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

const fail = (error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  void sender.send({ type: 'failed', code: 'RUN_FAILED', exitCode: 7, message, hint: 'It is a toy.' });
  void sender.flush().then(() => process.exit(7));
};

process.on('message', (message) => {
  const command = receiveCommand(message);
  if (command.type === 'stop') stop();
  if (command.type === 'leave') leave();
  if (command.type === 'recorded') sender.recorded(command.seq);
  if (command.type !== 'start') return;
  if (command.runnerPid !== null) watchRunner(command.runnerPid);
  if (command.journal !== null) sender.keepWith(keepInJournal(command.journal, Date.now, () => {}));
  train(command.runDirectory, command.resume?.checkpoint ?? null).catch(fail);
});

/** V8 ends a process whose heap has no room: the campaign has set a limit that does the machine no harm. */
function eatHeap(): void {
  const eaten: number[][] = [];
  while (eaten.length < 5 * HEAP_MB) eaten.push(new Array(100_000).fill(eaten.length));
  throw new Error('The heap has no limit.');
}

async function train(runDirectory: string, checkpoint: string | null): Promise<void> {
  const versions = { toy: '1' };
  await sender.send({ type: 'ready', pid: process.pid, device: 'none', description: 'a toy', why: 'a test', versions });
  let weights = firstWeights();
  let step = 0;
  if (checkpoint !== null) {
    const opened = await openCheckpoint(checkpoint);
    const { tensors } = await readSafetensors(join(opened.path, 'model.safetensors'));
    weights = Float32Array.from(tensors.get('toy')?.data ?? []);
    step = JSON.parse(await readFile(join(opened.path, 'trainer_state.json'), 'utf8')).global_step;
  }
  await sender.send({ type: 'plan', totalSteps: STEPS, stepsPerEpoch: STEPS, epochs: 1, parameters: 8 });
  if (checkpoint === null) await sender.send(evaluationEvent());
  else await sender.send({ type: 'resumed', step, checkpoint });
  while (step < STEPS && !control.stopSignal.aborted) {
    step += 1;
    weights = nextWeights(weights, step);
    process.stderr.write(`The toy is at step ${step}.\n`); // the last words of one that is killed
    await sender.send({ type: 'metrics', points: pointsOf(weights, step) });
    if (step % SAVE_EVERY === 0) await save(runDirectory, step, weights);
    await sleep(stepMs);
  }
  if (control.stopSignal.aborted) await save(runDirectory, step, weights);
  else await sender.send(evaluationEvent({ stage: 'after', step, bleu: bleu(40) }));
  await sender.send({ type: 'ended', reason: control.stopSignal.aborted ? 'stopped' : 'completed', step });
  await sender.flush();
  process.exit(0);
}

async function save(runDirectory: string, step: number, weights: Float32Array): Promise<void> {
  await sender.flush();
  const directory = join(runDirectory, 'checkpoints');
  mkdirSync(directory, { recursive: true });
  const toy = { shape: [8], data: weights };
  const contents = {
    weights: new Map([['toy', toy]]),
    files: await readModelFiles(process.env.TOY_MODEL ?? ''),
    optimizer: { step, tensors: new Map([['moment', toy]]) },
    trainerState: stateAt(step),
  };
  const { path, sizeBytes, removed } = await whenThereIsRoom({ events: sender, control }, directory, 64 * 1024, () =>
    saveCheckpoint(directory, contents, 3),
  );
  await sender.send({ type: 'checkpoint', step, epoch: step / STEPS, path, sizeBytes });
  for (const old of removed) await sender.send({ type: 'checkpoint-removed', step: old.step, path: old.path });
}

function stateAt(step: number): TrainerState {
  return {
    global_step: step,
    epoch: step / STEPS,
    log_history: [],
    best_metric: null,
    stateful_callbacks: {
      bleubird: {
        version: 2,
        training: {},
        data: {},
        data_hash: '',
        train_size: 0,
        batches_per_epoch: STEPS,
        best_step: null,
        best_checkpoint: null,
        bad_evaluations: 0,
        is_evaluation_pending: false,
        loss_sum: 0,
        steps_in_sum: 0,
        logged_loss_sum: 0,
      },
    },
  };
}
