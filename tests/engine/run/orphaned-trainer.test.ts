import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listCheckpoints } from '../../../src/engine/training/checkpoint.ts';
import { RunFolder } from './small-experiment.ts';

const runner = fileURLToPath(new URL('../../fixtures/run/runner.ts', import.meta.url));
let folder: RunFolder;
beforeAll(() => {
  folder = new RunFolder();
});
afterAll(() => folder.remove());

test('A trainer whose runner is killed saves a checkpoint and ends by itself.', async () => {
  const directory = folder.newRun();
  const file = join(folder.path, 'experiment.json');
  writeFileSync(
    file,
    JSON.stringify(folder.experiment({ max_steps: 100_000, num_train_epochs: 1, save_strategy: 'no' })),
  );
  const child = spawn(process.execPath, [runner, file, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  let trainerPid = 0;
  for await (const line of createInterface(child.stdout)) {
    const { type, pid } = JSON.parse(line) as { type: string; pid: number };
    trainerPid = pid;
    if (type === 'metrics') break;
  }
  child.kill('SIGKILL');
  expect(await endOf(trainerPid)).toBe(true);
  expect(await listCheckpoints(join(directory, 'checkpoints'))).toHaveLength(1);
});

/** Tells whether a process ends within 20 seconds. */
async function endOf(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await sleep(100);
  }
  process.kill(pid, 'SIGKILL');
  return false;
}
