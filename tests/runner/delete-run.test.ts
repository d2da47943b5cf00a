/** Deleting a run whose trainer outlives its runner, and what it would leave. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { binPath } from '../../src/cli/own-files.ts';
import { createUiServices } from '../../src/cli/ui-services.ts';
import { deleteRun } from '../../src/runner/delete-run.ts';
import { identityOf } from '../../src/runner/process-identity.ts';
import type { Store } from '../../src/store/store.ts';
import { runCli } from '../cli/run-cli.ts';
import { newStore, temporaryFolder } from '../store/new-store.ts';
import { envelopes, newRun } from '../store/run-events.ts';

/** A run whose runner is dead and whose trainer goes on saving for so long. */
async function orphanedRun(store: Store, savesForMs: number) {
  const writer = store.createRun(newRun({ id: 'orphaned', runner: { ...identityOf(), processStart: '1' } }));
  const folder = join(writer.directory, 'checkpoints', '.unfinished-checkpoint-3');
  const script = join(temporaryFolder(), 'trainer.js');
  writeFileSync(
    script,
    `const save = () => require('node:fs').mkdirSync(${JSON.stringify(folder)}, { recursive: true });
     save();
     process.stdout.write('saving');
     setInterval(save, 20);
     setTimeout(() => process.exit(), ${savesForMs});`,
  );
  const trainer = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const hasEnded = once(trainer, 'exit');
  onTestFinished(() => {
    trainer.kill('SIGKILL');
  });
  const { pid = 0 } = trainer;
  writer.record(envelopes()({ type: 'ready', pid, versions: {}, device: 'cpu', description: '', why: '' }));
  store.markInterrupted('orphaned');
  await once(trainer.stdout, 'data');
  return { directory: writer.directory, pid, hasEnded };
}

it.each([
  {
    where: 'rm',
    remove: async (store: Store) => {
      const { code } = await runCli(['rm', 'orphaned', '--yes', '--store', store.directory]);
      expect(code).toBe(0);
    },
  },
  {
    where: 'the screens',
    remove: (store: Store) => {
      const cwd = store.directory;
      return createUiServices({ store: () => store, cwd, env: {}, binPath, now: Date.now }).deleteRun('orphaned');
    },
  },
])('waits in $where for a trainer that outlives its runner, which leaves no folder', async ({ remove }) => {
  const store = newStore();
  const { directory, hasEnded } = await orphanedRun(store, 2_000);
  await remove(store);
  await hasEnded;
  expect(existsSync(directory)).toBe(false);
  expect(store.listRuns()).toEqual([]);
});

it('deletes nothing while the trainer does not end', async () => {
  const store = newStore();
  const { directory, pid } = await orphanedRun(store, 60_000);
  await expect(deleteRun(store, 'orphaned', 150)).rejects.toThrow(
    `The trainer of run orphaned, process ${pid}, is still at work.`,
  );
  expect(existsSync(directory)).toBe(true);
  expect(store.findRun('orphaned').state).toBe('interrupted');
});
