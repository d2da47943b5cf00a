/**
 * The trainer of the soak: forked by a real runner, it speaks the real protocol at the pace of a real trainer, without a
 * model. `SOAK_RATE` points a second (10 series or so, 100 steps a second), now and then a sample and an evaluation.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EventSender, receiveCommand } from '../../src/engine/run/channel.ts';
import { PacedEvents } from '../../src/engine/run/paced-events.ts';
import { bleu, evaluationEvent } from '../../tests/support/evaluation.ts';

const STEPS_PER_SECOND = 100;
const SAMPLE_EVERY_STEPS = 1_000;
const EVALUATE_EVERY_STEPS = 30_000;
const NAMES = ['loss', 'learning_rate', 'grad_norm', 'epoch', 'samples_per_second'];

const send = process.send?.bind(process);
if (send === undefined) throw new Error('It is forked by a runner: start soak.ts.');
const sender = new EventSender((message, sent) => send(message, undefined, undefined, sent), Date.now);
const events = new PacedEvents(sender, Date.now);
const pointsPerStep = Math.round(Number(process.env.SOAK_RATE) / STEPS_PER_SECOND);
const totalSteps = Math.ceil(Number(process.env.SOAK_MINUTES) * 60 * STEPS_PER_SECOND);
let isStopped = false;
const stop = () => {
  isStopped = true;
};
process.on('SIGINT', () => {});
process.on('disconnect', () => {
  stop();
  sender.close();
});
process.on('message', (message) => {
  const command = receiveCommand(message);
  if (command.type === 'recorded') sender.recorded(command.seq);
  if (command.type === 'stop') stop();
  if (command.type === 'start') void train();
});

async function train(): Promise<void> {
  await events.send({
    type: 'ready',
    pid: process.pid,
    device: 'none',
    description: 'a soak',
    why: 'it is measured',
    versions: {},
  });
  await events.send({ type: 'plan', totalSteps, stepsPerEpoch: totalSteps, epochs: 1, parameters: 1 });
  await events.send(evaluationEvent());
  await events.send({ type: 'phase', phase: 'training' });
  const startMs = performance.now();
  let step = 0;
  while (step < totalSteps && !isStopped) {
    const due = Math.min(totalSteps, Math.floor(((performance.now() - startMs) / 1000) * STEPS_PER_SECOND));
    while (step < due) await makeStep(++step);
    await sleep(1000 / STEPS_PER_SECOND);
  }
  await events.send({ type: 'ended', reason: isStopped ? 'stopped' : 'completed', step });
  await sender.flush();
  process.exit(0);
}

async function makeStep(step: number): Promise<void> {
  const loss = 3 + Math.random() + 3 * Math.exp(-step / 20_000);
  const values = Array.from({ length: pointsPerStep }, (_, index) => [
    NAMES[index] ?? `metric_${index}`,
    index === 0 ? loss : Math.random(),
  ]);
  await events.metrics(step, Object.fromEntries(values));
  const etaSeconds = (totalSteps - step) / STEPS_PER_SECOND;
  await events.progress({ phase: 'training', unit: 'steps', done: step, total: totalSteps, etaSeconds });
  if (step % SAMPLE_EVERY_STEPS === 0) {
    const text = `sentence ${step}`;
    await events.send({ type: 'sample', step, index: step % 100, source: text, reference: text, hypothesis: text });
  }
  if (step % EVALUATE_EVERY_STEPS === 0) {
    await events.send(evaluationEvent({ stage: 'epoch', step, epoch: step / totalSteps, bleu: bleu(30) }));
  }
}
