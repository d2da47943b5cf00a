/** A clock that is set back while a run goes on. */
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFailed } from 'vitest';
import { backwardClock } from '../support/backward-clock.ts';
import { tinyModel } from '../support/tiny-model.ts';
import { runCli, startCli, temporaryFolder } from './run-cli.ts';
import { writeTinyExperiment } from './tiny-experiment.ts';

/** Resolves with the first group of what a stream says. */
async function said(stream: Readable, pattern: RegExp): Promise<string> {
  let text = '';
  return await new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      text += chunk;
      const found = pattern.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
}

it('hides no checkpoint that was asked for, and no second interrupt', async () => {
  const folder = temporaryFolder();
  const endless = ['--set', 'training.max_steps=1000000', '--set', 'training.save_strategy=no', '--device', 'wasm'];
  const child = startCli(['run', writeTinyExperiment(folder, tinyModel), '--json', ...endless], {
    cwd: folder,
    env: { NODE_OPTIONS: backwardClock },
  });
  onTestFailed(() => void child.kill('SIGKILL'));
  const hasSteps = said(child.stdout, /("metric":"loss")/);
  const trainer = Number(await said(child.stdout, /"type":"ready","pid":(\d+)/));
  await hasSteps;
  expect(await runCli(['save', 'last'], { cwd: folder })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(join('checkpoints', 'checkpoint-')),
  });

  process.kill(trainer, 'SIGSTOP');
  // Where the test fails nobody else ends one that is stopped.
  onTestFailed(() => void process.kill(trainer, 'SIGKILL'));
  const first = said(child.stderr, /(Stopping after this step)/);
  const second = said(child.stderr, /(Ending the run at once)/);
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGINT');
  await first;
  await sleep(600); // less would be the same press
  child.kill('SIGINT');
  await second;
  expect(await closed).toBe(130);
});
