/** Runs that are killed and resumed, with the real program, the real trainer and real signals. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { tinyModel } from '../support/tiny-model.ts';
import { runCli, temporaryFolder } from './run-cli.ts';
import { writeTinyExperiment } from './tiny-experiment.ts';

const STEPS = 60;
const settings = [
  ...['-s', `training.max_steps=${STEPS}`, '-s', 'training.save_strategy=steps', '-s', 'training.save_steps=15'],
  ...['-s', 'training.dropout=0.1', '--device', 'wasm'],
];

function hashes(store: Store, id: string): Record<string, string> {
  const folder = join(store.runDirectory(id), 'checkpoints', `checkpoint-${STEPS}`);
  const names = ['model.safetensors', 'optimizer.safetensors'];
  return Object.fromEntries(
    names.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );
}

async function untilStep(store: Store, id: string, step: number): Promise<void> {
  while (store.findRun(id).step < step && store.findRun(id).state !== 'failed') await sleep(10);
  expect(store.findRun(id)).toMatchObject({ state: 'running' });
}

/** Signals a process that must be known: the number 0 would mean this one and all around it. */
function kill(pid: number | null | undefined, signal: NodeJS.Signals): void {
  if (!pid) throw new RangeError('there is no process to send a signal to');
  process.kill(pid, signal);
}

function steps(store: Store, id: string): number[] {
  return store.metricSeries(id, 'loss').map((point) => point.step);
}

const all = Array.from({ length: STEPS }, (_, index) => index + 1);

describe('a run that is killed and resumed', () => {
  it('is in the end the very run that was never killed', { timeout: 300_000 }, async () => {
    const folder = temporaryFolder();
    const file = writeTinyExperiment(folder, tinyModel);
    const directory = join(folder, 'store');
    const whole = await runCli(['run', file, '--store', directory, ...settings]);
    expect(whole).toMatchObject({ code: 0 });
    const store = openStore(directory);
    const wholeId = store.findRun('last').id;

    const started = await runCli(['run', file, '--detach', '--store', directory, ...settings]);
    const id = started.stdout.trim();
    await untilStep(store, id, 16);
    kill(store.findRun(id).runner?.pid, 'SIGKILL');
    const listed = await runCli(['ls', '--store', directory, '--json']);
    expect(JSON.parse(listed.stdout.split('\n')[0] ?? '')).toMatchObject({ id, state: 'interrupted' });

    // Once more, this time the trainer.
    const again = await runCli(['resume', id, '--detach', '--store', directory]);
    expect(again).toMatchObject({ code: 0, stdout: `${id}\n` });
    while (store.findRun(id).trainerPid === null) await sleep(10);
    await untilStep(store, id, 31);
    kill(store.findRun(id).trainerPid, 'SIGKILL');
    while (store.findRun(id).state === 'running') await sleep(10);
    expect(store.findRun(id)).toMatchObject({ state: 'failed', signal: 'SIGKILL' });

    const resumed = await runCli(['resume', id, '--store', directory]);
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stdout).toMatch(/^resumed after step \d+, from /m);
    expect(resumed.stdout).not.toContain('evaluating the untouched model');
    expect(hashes(store, id)).toEqual(hashes(store, wholeId));
    expect(steps(store, id)).toEqual(all);
    const values = (run: string) => store.metricSeries(run, 'loss').map(({ value }) => value);
    expect(values(id)).toEqual(values(wholeId));
    const scores = (run: string) =>
      store.evaluations(run).map(({ stage, step, bleu, loss }) => [stage, step, bleu, loss]);
    expect(scores(id)).toEqual(scores(wholeId));
    expect(store.findRun(id)).toMatchObject({ state: 'completed', step: STEPS });

    // Its folder alone, as if on another machine, makes a new run.
    const copied = join(folder, 'copied');
    cpSync(store.runDirectory(id), copied, { recursive: true });
    const elsewhere = join(folder, 'elsewhere');
    const from = join(copied, 'checkpoints', 'checkpoint-45');
    const moved = await runCli(['run', file, '--resume-from', from, '--store', elsewhere, ...settings]);
    expect(moved).toMatchObject({ code: 0 });
    const other = openStore(elsewhere);
    expect(steps(other, other.findRun('last').id)).toEqual(all.slice(45));
    expect(hashes(other, other.findRun('last').id)).toEqual(hashes(store, wholeId));
    expect(other.findRun('last')).toMatchObject({ resumedFrom: from, parentRun: null });
    other.close();

    expect(await runCli(['resume', id, '--store', directory])).toMatchObject({
      code: 6,
      stderr: expect.stringContaining(`Run ${id} is completed: all its steps are done.`),
    });
    const attached = await runCli(['attach', id, '--store', directory]);
    expect(attached.code).toBe(0);
    expect(attached.stdout).toContain('resumed');

    const kept = await runCli(['rm', id, '--store', directory]);
    expect(kept).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no terminal to ask at') });
    expect(await runCli(['rm', id, '--yes', '--store', directory])).toMatchObject({
      code: 0,
      stdout: `${id} deleted\n`,
    });
    expect(store.listRuns().map((run) => run.id)).toEqual([wholeId]);
    expect(existsSync(store.runDirectory(id))).toBe(false);
    store.close();
  });
});

it('tells at once that a file of the corpus is missing, and leaves no run', async () => {
  const folder = temporaryFolder();
  const file = writeTinyExperiment(folder, tinyModel);
  const options = ['--store', join(folder, 'store'), '--set', 'data.corpus.target=gone.fr'];
  for (const how of ['--detach', '--no-ui']) {
    const result = await runCli(['run', file, how, ...options], { cwd: folder });
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain('gone.fr does not exist.');
  }
  const listed = await runCli(['ls', '--json', '--store', join(folder, 'store')]);
  expect(listed.stdout).toBe('');
});

it('follows a run to its end, with its exit code; SIGHUP leaves a run without a terminal alone', async () => {
  const folder = temporaryFolder();
  const file = writeTinyExperiment(folder, tinyModel);
  const directory = join(folder, 'store');
  const { stdout } = await runCli([
    'run',
    file,
    '--detach',
    '--device',
    'wasm',
    '-s',
    'training.max_steps=100000',
    '--store',
    directory,
  ]);
  const id = stdout.trim();
  const store = openStore(directory);
  await untilStep(store, id, 1);
  const attached = runCli(['attach', id, '--store', directory]);
  kill(store.findRun(id).runner?.pid, 'SIGHUP');
  const { step } = store.findRun(id);
  await untilStep(store, id, step + 2);
  expect(store.findRun(id).state).toBe('running');
  await runCli(['stop', id, '--store', directory]);
  const { code, stdout: told, stderr } = await attached;
  expect(code).toBe(130);
  expect(told).toContain('training');
  expect(stderr).toContain('Stopped at the request of the user');
  store.close();
});
