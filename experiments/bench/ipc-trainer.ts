/**
 * The trainer of `ipc.ts`: forked by a real runner. It makes steps of pure work, each of about 2 ms, and reports
 * `IPC_POINTS` numbers for each, at the pace of a real trainer. Its last event says how long the work took.
 */
import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EventSender, receiveCommand } from '../../src/engine/run/channel.ts';
import { PacedEvents } from '../../src/engine/run/paced-events.ts';

const send = process.send?.bind(process);
if (send === undefined) throw new Error('It is forked by a runner: start ipc.ts.');
const sender = new EventSender((message, sent) => send(message, undefined, undefined, sent), Date.now);
const events = new PacedEvents(sender, Date.now);
const names = Array.from({ length: Number(process.env.IPC_POINTS) }, (_, index) => `metric_${index}`);
const steps = Number(process.env.IPC_STEPS);
// In native code, whose speed does not depend on what V8 makes of the loop around it.
const work = Buffer.alloc(Number(process.env.IPC_WORK_BYTES), 'work');

process.on('SIGINT', () => {});
process.on('message', (message) => {
  const command = receiveCommand(message);
  if (command.type === 'recorded') sender.recorded(command.seq);
  if (command.type === 'start') void train();
});

async function train(): Promise<void> {
  const versions = {};
  await events.send({ type: 'ready', pid: process.pid, device: 'none', description: '', why: '', versions });
  await events.send({ type: 'plan', totalSteps: steps, stepsPerEpoch: steps, epochs: 1, parameters: 1 });
  const startMs = performance.now();
  const before = process.cpuUsage();
  let reportingMs = 0;
  const values: Record<string, number> = {};
  for (let step = 1; step <= steps; step++) {
    await nextTurn();
    hash('sha256', work);
    for (const [index, name] of names.entries()) values[name] = 1 / (index + step);
    const reportedAt = performance.now();
    await events.metrics(step, values);
    reportingMs += performance.now() - reportedAt;
  }
  const ms = performance.now() - startMs;
  const { user, system } = process.cpuUsage(before);
  await events.send({ type: 'warning', message: JSON.stringify({ reportingMs, ms, cpuMs: (user + system) / 1000 }) });
  await events.send({ type: 'ended', reason: 'completed', step: steps });
  await sender.flush();
  process.exit(0);
}
