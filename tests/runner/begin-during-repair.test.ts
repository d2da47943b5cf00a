/** Runs that begin while their store is repaired, which may put another file in its place. */
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withCareLock } from '../../src/runner/care-lock.ts';
import { resumeRun } from '../../src/runner/resume-run.ts';
import { runExperiment } from '../../src/runner/run-experiment.ts';
import { journalPath } from '../../src/store/journal.ts';
import type { Store } from '../../src/store/store.ts';
import { newStore } from '../store/new-store.ts';
import { scripted, writeCheckpoint } from './scripted.ts';

const stop = new AbortController().signal;
const begin = (store: Store) => runExperiment({ ...scripted('steps-2'), store, stop });

/** A run that has failed and has a checkpoint. */
async function failedRun(store: Store): Promise<string> {
  const { runId } = await runExperiment({ ...scripted('crash-once'), store, stop });
  await writeCheckpoint(store.runDirectory(runId), 1);
  return runId;
}

/** Puts another file in the store's place, as a repair does that was not seen. */
function replaceFile({ directory }: Store): void {
  const path = join(directory, 'bleubird.sqlite');
  renameSync(path, `${path}.damaged-1`);
  copyFileSync(`${path}.damaged-1`, path);
}

it('makes no run in a store that is being repaired, and leaves nothing of it', async () => {
  const store = newStore();
  await withCareLock(store.directory, 'repair', async () => {
    await expect(begin(store)).rejects.toThrow(`is being repaired by process ${process.pid}: nothing was done`);
  });
  expect(store.listRuns()).toEqual([]);
  expect(readdirSync(join(store.directory, 'runs'))).toEqual([]);
  expect(await begin(store)).toMatchObject({ state: 'completed' });
});

it('makes runs while the store is shrunk', async () => {
  const store = newStore();
  const outcome = await withCareLock(store.directory, 'vacuum', () => begin(store));
  expect(outcome.state).toBe('completed');
});

it('takes up no run of a store that is being repaired, and touches neither its journal nor its checkpoints', async () => {
  const store = newStore();
  const run = await failedRun(store);
  const { trainerPath } = scripted('');
  const journal = readFileSync(journalPath(store.runDirectory(run)));
  await withCareLock(store.directory, 'repair', async () => {
    await expect(resumeRun({ run, store, trainerPath, stop })).rejects.toThrow('is being repaired by process');
  });
  expect(store.findRun(run).state).toBe('failed');
  expect(readFileSync(journalPath(store.runDirectory(run)))).toEqual(journal);
  expect(await resumeRun({ run, store, trainerPath, stop })).toMatchObject({ state: 'completed' });
});

it('begins no run in a file that a repair has set aside since it was opened', async () => {
  const store = newStore();
  const run = await failedRun(store);
  const { trainerPath } = scripted('');
  replaceFile(store);
  await expect(begin(store)).rejects.toThrow('was repaired in this moment: nothing was done');
  await expect(resumeRun({ run, store, trainerPath, stop })).rejects.toThrow('was repaired in this moment');
  expect(readdirSync(join(store.directory, 'runs'))).toEqual([run]);
  expect(existsSync(store.runDirectory(run))).toBe(true);
});
