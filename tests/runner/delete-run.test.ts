/** Deleting a run whose trainer outlives its runner, and what it would leave. */
import { existsSync } from 'node:fs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { binPath } from '../../src/cli/own-files.ts';
import { createUiServices } from '../../src/cli/ui-services.ts';
import { deleteRun } from '../../src/runner/delete-run.ts';
import type { Store } from '../../src/store/store.ts';
import { runCli } from '../cli/run-cli.ts';
import { newStore } from '../store/new-store.ts';
import { orphanedRun } from './orphaned-run.ts';

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

it('waits no longer for a trainer because the clock was set back', async () => {
  const store = newStore();
  await orphanedRun(store, 60_000);
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const deleting = deleteRun(store, 'orphaned', 150);
  vi.setSystemTime(Date.now() - 3_600_000);
  await expect(deleting).rejects.toThrow('is still at work.');
});
