/** Trainers whose runner is killed: wherever they are, they end by themselves within 2 seconds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Experiment } from '../../../src/engine/config/experiment.ts';
import { listCheckpoints } from '../../../src/engine/training/checkpoint.ts';
import { checksumProblem } from '../../../src/engine/training/checksums.ts';
import { demoModel } from '../../support/demo-model.ts';
import { RunFolder } from './small-experiment.ts';

const runner = fileURLToPath(new URL('../../fixtures/run/runner.ts', import.meta.url));
/** Promised are 2 s; on a busy machine the looks themselves come late. */
const PATIENCE_MS = 3_000;

let folder: RunFolder;
beforeAll(() => {
  folder = new RunFolder();
});
afterAll(() => folder.remove());

const slow = { model: demoModel, device: 'cpu' } as const;
const endless = { max_steps: 100_000, num_train_epochs: 1, save_strategy: 'no' } as const;

test('A trainer whose runner is killed between steps saves a checkpoint, keeps its events and ends within 2 seconds.', async () => {
  const { directory, child, pid } = await orphan(folder.experiment(endless), 'progress');
  child.kill('SIGSTOP'); // so that the trainer has sent what the runner has not recorded
  await sleep(400);
  await killed(child, pid);
  const [checkpoint] = await checkpointsOf(directory);
  const steps = Number(/\d+$/.exec(checkpoint ?? '')?.[0]);
  expect(steps).toBeGreaterThan(0);
  const events = journalOf(directory);
  expect(events.at(-1)).toMatchObject({ type: 'ended', reason: 'stopped', step: steps });
  // Of all steps that the checkpoint stands on, whether the runner recorded their points or the trainer kept them; the
  // runner may have been killed between recording and saying so.
  const recorded = new Set(events.filter(({ type }) => type === 'table').flatMap((table) => table.steps ?? []));
  expect([...recorded]).toEqual(Array.from({ length: steps }, (_, index) => index + 1));
});

test.each([
  { where: 'while it loads', at: 'loading', experiment: () => folder.experiment(endless, { model: demoModel }) },
  {
    where: 'in an evaluation',
    at: 'evaluating-before',
    experiment: () => folder.experiment(endless, { ...slow, evaluation: { ...EVALUATED, before: true } }),
  },
  {
    where: 'in a step of many seconds',
    at: 'training',
    experiment: () => folder.experiment({ ...endless, per_device_train_batch_size: 18 }, slow),
  },
  {
    where: 'while it saves',
    at: 'saving',
    experiment: () => folder.experiment({ ...endless, save_strategy: 'steps', save_steps: 1 }, { model: demoModel }),
  },
])('A trainer whose runner is killed $where ends within 2 seconds, and what it leaves is sound.', async (scene) => {
  const { directory, child, pid } = await orphan(scene.experiment(), scene.at);
  await sleep(50); // it is in the midst of it
  await killed(child, pid);
  for (const checkpoint of await checkpointsOf(directory)) expect(await checksumProblem(checkpoint)).toBeNull();
});

test('A trainer whose runner is stopped for longer than that goes on when the runner does.', async () => {
  const { child, pid, until } = await orphan(folder.experiment(endless), 'metrics');
  child.kill('SIGSTOP');
  await sleep(PATIENCE_MS);
  expect(lives(pid)).toBe(true);
  child.kill('SIGCONT');
  await until('progress');
  await killed(child, pid);
});

const EVALUATED = { after: false, references: 'decoded' } as const;

/** Starts a runner and its trainer, and waits until the trainer has told of `what`. */
async function orphan(experiment: Experiment, what: string) {
  const directory = folder.newRun();
  const file = join(directory, 'experiment.json');
  writeFileSync(file, JSON.stringify(experiment));
  const child = spawn(process.execPath, [runner, file, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let pid = 0;
  onTestFinished(() => {
    child.kill('SIGKILL');
    if (pid > 0 && lives(pid)) process.kill(pid, 'SIGKILL');
  });
  const until = async (wanted: string) => {
    for (let told = ''; told !== wanted; ) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`The runner ended before it told of ${wanted}.`);
      const line = JSON.parse(value) as { what: string; pid: number };
      [told, pid] = [line.what, line.pid];
    }
  };
  await until(what);
  return { directory, child, pid, until };
}

/** Kills the runner and waits for its trainer, which must follow within the patience. */
async function killed(child: ChildProcess, pid: number): Promise<void> {
  const killedAt = performance.now();
  child.kill('SIGKILL');
  while (lives(pid) && performance.now() - killedAt < 4 * PATIENCE_MS) await sleep(20);
  expect(performance.now() - killedAt).toBeLessThan(PATIENCE_MS);
}

async function checkpointsOf(directory: string): Promise<string[]> {
  return (await listCheckpoints(join(directory, 'checkpoints'))).map(({ path }) => path);
}

function journalOf(directory: string): { type: string; steps?: number[] }[] {
  const lines = readFileSync(join(directory, 'journal.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line).entry.envelope.event);
}

/** An orphan that has ended may wait long for whoever inherited it to collect it. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
