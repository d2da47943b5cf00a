/** Taking runs up again, with a trainer that follows a script in a real process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Envelope } from '../../src/engine/run/protocol.ts';
import { waitForOrphanedTrainer } from '../../src/runner/orphaned-trainer.ts';
import { identityOf } from '../../src/runner/process-identity.ts';
import { findCheckpointIn } from '../../src/runner/resume-point.ts';
import { resumeRun } from '../../src/runner/resume-run.ts';
import { runExperiment } from '../../src/runner/run-experiment.ts';
import type { Store } from '../../src/store/store.ts';
import { newStore, temporaryFolder } from '../store/new-store.ts';
import { newRun } from '../store/run-events.ts';
import { scripted, writeCheckpoint } from './scripted.ts';

const never = new AbortController().signal;

async function crashed(store: Store): Promise<string> {
  const { runId, state } = await runExperiment({ ...scripted('crash-once'), store, stop: never });
  expect(state).toBe('failed');
  return runId;
}

describe('a run that is resumed', () => {
  it('goes on under its own name, after the step of its checkpoint', async () => {
    const store = newStore();
    const id = await crashed(store);
    await writeCheckpoint(store.runDirectory(id), 1);
    const heard: Envelope[] = [];
    const { trainerPath } = scripted('');
    const onEvent = (envelope: Envelope) => heard.push(envelope);
    const outcome = await resumeRun({ run: id.slice(0, 4), store, trainerPath, stop: never, onEvent });
    expect(outcome).toEqual({ runId: id, state: 'completed', error: null });
    expect(store.listRuns()).toHaveLength(1);
    expect(store.metricSeries(id, 'loss').map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);
    // The first trainer said `ready` and a point.
    expect(heard.map(({ seq }) => seq)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    const warnings = store.events(id, 99).filter(({ type }) => type === 'warning');
    expect(warnings).toEqual([]);
  });

  it('is not one whose runner lives, though it was taken for interrupted by who could not see it', async () => {
    const store = newStore();
    const writer = store.createRun(newRun({ id: 'r', runner: identityOf() }));
    await writeCheckpoint(writer.directory, 1);
    store.markInterrupted('r');
    const resuming = resumeRun({ run: 'r', store, trainerPath: scripted('').trainerPath, stop: never });
    await expect(resuming).rejects.toThrow('Run r is running: there is nothing to resume.');
    expect(store.readRun('r')?.runner).toEqual(identityOf());
  });

  it('clears away what a trainer that ended with its runner had half saved, before it needs the room itself', async () => {
    const store = newStore();
    const id = await crashed(store);
    await writeCheckpoint(store.runDirectory(id), 1);
    const half = join(store.runDirectory(id), 'checkpoints', '.unfinished-checkpoint-2');
    mkdirSync(half);
    writeFileSync(join(half, 'model.safetensors'), 'half');
    let wasThere = true;
    const onStart = () => {
      wasThere = existsSync(half);
    };
    await resumeRun({ run: id, store, trainerPath: scripted('').trainerPath, stop: never, onStart });
    expect(wasThere).toBe(false);
  });

  it('goes on from its only checkpoint, where that was set aside when runner and trainer were killed', async () => {
    const store = newStore();
    const id = await crashed(store);
    const checkpoint = await writeCheckpoint(store.runDirectory(id), 1);
    renameSync(checkpoint, join(store.runDirectory(id), 'checkpoints', '.replaced-checkpoint-1'));
    const { trainerPath } = scripted('');
    expect(await resumeRun({ run: id, store, trainerPath, stop: never })).toMatchObject({ state: 'completed' });
    const diary = store.events(id, 99).map(({ type, text }) => `${type}: ${text}`);
    expect(diary).toContain(`resumed: after step 1, from ${checkpoint}`);
  });

  it('takes the checkpoint before a damaged one, and says so', async () => {
    const store = newStore();
    const id = await crashed(store);
    await writeCheckpoint(store.runDirectory(id), 0);
    const newest = await writeCheckpoint(store.runDirectory(id), 1);
    writeFileSync(join(newest, 'model.safetensors'), 'torn');
    const { trainerPath } = scripted('');
    const warnings: string[] = [];
    await resumeRun({ run: id, store, trainerPath, stop: never, onWarning: (message) => warnings.push(message) });
    const diary = store.events(id, 99).map(({ type, text }) => `${type}: ${text}`);
    const problem = `The checkpoint ${newest} is damaged: model.safetensors is not what was written.`;
    expect(warnings).toEqual([problem]);
    expect(diary).toContain(`warning: ${problem}`);
    expect(diary).toContainEqual(expect.stringMatching(/^resumed: after step 0, from .*checkpoint-0$/));
  });

  it('makes steps again that nobody recorded, unless their checkpoint is the only one', async () => {
    const store = newStore();
    const { trainerPath } = scripted('');
    const first = await crashed(store);
    for (const step of [1, 3]) await writeCheckpoint(store.runDirectory(first), step);
    await resumeRun({ run: first, store, trainerPath, stop: never });
    expect(store.metricSeries(first, 'loss').map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);

    const second = await crashed(store);
    await writeCheckpoint(store.runDirectory(second), 3);
    await resumeRun({ run: second, store, trainerPath, stop: never });
    expect(store.metricSeries(second, 'loss').map(({ step }) => step)).toEqual([1, 4, 5]);
    expect(store.events(second, 99).filter(({ type }) => type === 'warning')).toMatchObject([
      { text: 'Steps after 1 up to checkpoint-3 were not recorded: the runner was gone by then.' },
    ]);
  });

  it('is refused when it goes on, is completed, or has no checkpoint; nothing changes', async () => {
    const store = newStore();
    const options = { store, trainerPath: scripted('').trainerPath, stop: never };
    store.createRun(newRun({ id: 'alive', runner: identityOf() }));
    await expect(resumeRun({ run: 'alive', ...options })).rejects.toMatchObject({
      message: 'Run alive is pending: there is nothing to resume.',
      hint: 'bleubird attach alive shows it.',
    });
    const { runId } = await runExperiment({ ...scripted('steps-1'), store, stop: never });
    await expect(resumeRun({ run: runId, ...options })).rejects.toMatchObject({
      message: `Run ${runId} is completed: all its steps are done.`,
      hint: expect.stringContaining(`model: run:${runId}`),
    });
    const id = await crashed(store);
    const before = store.findRun(id);
    await expect(resumeRun({ run: id, ...options })).rejects.toMatchObject({
      message: `Run ${id} has no checkpoint to go on from.`,
      hint: expect.stringContaining('Run its experiment again'),
    });
    expect(store.findRun(id)).toEqual(before);
  });

  it('is found interrupted first when its runner is dead', async () => {
    const store = newStore();
    store.createRun(newRun({ id: 'dead', runner: { ...identityOf(), processStart: 'earlier' } }));
    await expect(resumeRun({ run: 'dead', store, stop: never })).rejects.toThrow('Run dead has no checkpoint');
    expect(store.findRun('dead').state).toBe('interrupted');
  });
});

describe('a run that begins from a checkpoint', () => {
  it('of another run says which', async () => {
    const store = newStore();
    const parent = await crashed(store);
    const checkpoint = await writeCheckpoint(store.runDirectory(parent), 2);
    for (const resumeFrom of [checkpoint, store.runDirectory(parent)]) {
      const { runId, state } = await runExperiment({ ...scripted('steps-4'), store, resumeFrom, stop: never });
      expect(state).toBe('completed');
      expect(store.findRun(runId)).toMatchObject({ resumedFrom: checkpoint, parentRun: parent });
      expect(store.metricSeries(runId, 'loss').map(({ step }) => step)).toEqual([3, 4]);
    }
    expect(store.findRun(parent)).toMatchObject({ resumedFrom: null, parentRun: null, state: 'failed' });
  });

  it('finds the one that hub_strategy checkpoint pushed along with a model', async () => {
    const repository = temporaryFolder();
    renameSync(await writeCheckpoint(repository, 2), join(repository, 'last-checkpoint'));
    writeFileSync(join(repository, 'config.json'), '{}');
    expect(await findCheckpointIn(repository)).toEqual({ path: join(repository, 'last-checkpoint'), warnings: [] });
  });

  it('needs one', async () => {
    const store = newStore();
    const resumeFrom = temporaryFolder();
    const running = runExperiment({ ...scripted('steps-4'), store, resumeFrom, stop: never });
    await expect(running).rejects.toMatchObject({
      message: `There is no sound checkpoint in ${resumeFrom}.`,
      hint: expect.stringContaining('last-checkpoint'),
    });
    await expect(findCheckpointIn(join(resumeFrom, 'none'))).rejects.toThrow(
      `The folder ${join(resumeFrom, 'none')} to resume from does not exist.`,
    );
    expect(store.listRuns()).toEqual([]);
  });
});

it('waits for a trainer that outlived its runner', async () => {
  const script = join(temporaryFolder(), 'trainer.js');
  writeFileSync(script, 'setTimeout(() => {}, 60_000)');
  const child = spawn(process.execPath, [script, '/store/runs/r']);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child, 'spawn');
  const orphan = { id: 'r', runner: identityOf(), trainerPid: child.pid ?? 0 };
  await expect(waitForOrphanedTrainer(orphan, 150)).rejects.toThrow(
    `The trainer of run r, process ${child.pid}, is still at work.`,
  );
  // Another run's trainer that was given the number is not waited for, and nobody is told to kill it.
  await waitForOrphanedTrainer({ ...orphan, id: 'other' });
  child.kill('SIGKILL');
  await waitForOrphanedTrainer(orphan);
  // Another program that was given the number is not waited for.
  await waitForOrphanedTrainer({ ...orphan, trainerPid: process.ppid });
});
