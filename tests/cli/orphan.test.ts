/** What the store tells of a run whose runner was killed and whose trainer had no time for its last save. */
import { mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { isAlive } from '../../src/runner/process-identity.ts';
import { openStore } from '../../src/store/open-store.ts';
import { demoModel } from '../support/demo-model.ts';
import { runCli, temporaryFolder } from './run-cli.ts';
import { writeTinyExperiment } from './tiny-experiment.ts';

/** Longer than an orphaned trainer has. */
const SLOW_SAVE_MS = 2_200;

it('tells that the last steps were not saved, why, and where a resume goes on', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  const file = writeTinyExperiment(folder, demoModel);
  const store = openStore(join(folder, 'store'));
  const settings = ['-s', 'training.save_strategy=steps', '-s', 'training.save_steps=1000'];
  const short = ['-s', 'training.per_device_train_batch_size=1']; // a step ends within what an orphan has, under load too
  const endless = [...short, '-s', 'training.max_steps=100000', '-s', 'evaluation.before=false', '--device', 'wasm'];
  const started = await runCli(['run', file, '--detach', '--store', store.directory, ...settings, ...endless]);
  const id = started.stdout.trim();
  await expect.poll(() => store.findRun(id).step, { timeout: 30_000 }).toBeGreaterThan(0);
  const { runner, directory, trainerPid: trainer } = store.findRun(id);
  if (runner === null || trainer === null) throw new TypeError('A run that makes steps has a runner and a trainer.');
  const lives = (pid: number) => isAlive({ ...runner, pid, processStart: null }) === true;
  onTestFinished(() => {
    for (const pid of [runner.pid, trainer]) if (lives(pid)) process.kill(pid, 'SIGKILL');
    store.close();
  });

  // A disk that holds a save up, as the trainer sees it: it is stopped in the midst of one.
  const checkpoints = join(directory, 'checkpoints');
  mkdirSync(checkpoints, { recursive: true });
  const isSaving = Promise.withResolvers<void>();
  const watcher = watch(checkpoints, () => {
    watcher.close();
    process.kill(trainer, 'SIGSTOP');
    isSaving.resolve();
  });
  await runCli(['save', id, '--no-wait', '--store', store.directory]);
  await isSaving.promise;
  await sleep(SLOW_SAVE_MS);
  process.kill(trainer, 'SIGCONT');
  await expect.poll(() => store.checkpoints(id), { timeout: 30_000 }).toHaveLength(1);
  const saved = store.checkpoints(id)[0]?.step ?? 0;
  await expect.poll(() => store.findRun(id).step, { timeout: 30_000 }).toBeGreaterThan(saved);

  process.kill(runner.pid, 'SIGKILL');
  await expect.poll(() => lives(trainer), { timeout: 10_000 }).toBe(false);
  const { stdout } = await runCli(['show', id, '--store', store.directory]);
  const { step, state } = store.findRun(id);
  expect(state).toBe('interrupted');
  expect(step).toBeGreaterThan(saved);
  expect(stdout).toMatch(
    new RegExp(
      `warning: The runner is gone; a save takes about \\d\\.\\d s, and \\d\\.\\d s were left: the steps after ${saved} up to ${step} ` +
        `are not saved\\. A resume makes them again, from checkpoint-${saved} on\\.`,
    ),
  );
});
