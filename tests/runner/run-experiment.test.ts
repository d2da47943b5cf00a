/** The life of a run, with a trainer that follows a script in a real process. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { Envelope } from '../../src/engine/run/protocol.ts';
import { CancelledError, RunFailedError, StoreError } from '../../src/errors.ts';
import { identityOf } from '../../src/runner/process-identity.ts';
import { runExperiment } from '../../src/runner/run-experiment.ts';
import { journalPath } from '../../src/store/journal.ts';
import type { Store } from '../../src/store/store.ts';
import { newStore } from '../store/new-store.ts';
import { scripted, writeCheckpoint } from './scripted.ts';

const never = new AbortController().signal;

describe('a run that completes', () => {
  it('is in the store, with what it was made with, before anybody hears of it', async () => {
    const store = newStore();
    const heard: Envelope[] = [];
    let started: { runId: string; directory: string } | null = null;
    const outcome = await runExperiment({
      ...scripted('steps-5'),
      store,
      runId: 'chosen',
      stop: never,
      onStart: (run) => {
        started = run;
        expect(store.readRun(run.runId)?.state).toBe('pending');
      },
      onEvent: (envelope) => {
        heard.push(envelope);
        if (envelope.event.type !== 'metrics') return;
        const { step } = envelope.event.points[0] ?? { step: -1 };
        expect(store.metricSeries('chosen', 'loss').at(-1)?.step).toBe(step);
      },
    });
    expect(outcome).toEqual({ runId: 'chosen', state: 'completed', error: null });
    expect(started).toEqual({ runId: 'chosen', directory: store.runDirectory('chosen') });
    expect(heard.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);

    const run = store.findRun('last');
    expect(run).toMatchObject({
      state: 'completed',
      endReason: 'All steps were done.',
      device: 'none',
      bleuBefore: 20.5,
      bleuAfter: 40,
      bleuDelta: 19.5,
      step: 5,
      runner: identityOf(),
    });
    expect(run.endedAt).toBeGreaterThanOrEqual(run.createdAt);
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(run.versions).toEqual({ bleubird: version, node: process.versions.node, script: '1' });
    expect(run.lockfileHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('starts from the checkpoint before a damaged one of another run, and says so', async () => {
    const store = newStore();
    await runExperiment({ ...scripted('steps-5'), store, runId: 'first', stop: never });
    const sound = await writeCheckpoint(store.runDirectory('first'), 3);
    const damaged = await writeCheckpoint(store.runDirectory('first'), 4);
    writeFileSync(join(damaged, 'model.safetensors'), 'torn');
    const told: string[] = [];
    const { experiment, trainerPath } = scripted('steps-5');
    await runExperiment({
      experiment: { ...experiment, model: 'run:last' },
      trainerPath,
      store,
      runId: 'second',
      stop: never,
      onStart: () => told.push('started'),
      onWarning: (message) => told.push(message),
    });
    const warnings = [
      `The checkpoint ${damaged} is damaged: model.safetensors is not what was written.`,
      `The model of ${sound} is taken in its place.`,
    ];
    expect(told).toEqual(['started', ...warnings]);
    const diary = store.events('second', 99).filter(({ type }) => type === 'warning' || type === 'model');
    expect(diary.map(({ text }) => text)).toEqual([...warnings, `run:first is ${sound}`]);
  });

  it('is not disturbed by a listener that throws; the diary notes it once', async () => {
    const store = newStore();
    const outcome = await runExperiment({
      ...scripted('steps-3'),
      store,
      stop: never,
      onEvent: () => {
        throw new Error('the screen is gone');
      },
    });
    expect(outcome.state).toBe('completed');
    const warnings = store.events(outcome.runId, 100).filter(({ type }) => type === 'warning');
    expect(warnings.map(({ text }) => text)).toEqual(['a listener of the run failed: Error: the screen is gone']);
  });
});

describe('a run that is ended', () => {
  it('by its user after a step is stopped', async () => {
    const store = newStore();
    const stop = new AbortController();
    const outcome = await runExperiment({
      ...scripted('wait'),
      store,
      stop: stop.signal,
      onEvent: ({ seq }) => {
        if (seq === 3) stop.abort();
      },
    });
    expect(outcome.state).toBe('stopped');
    expect(outcome.error).toBeInstanceOf(CancelledError);
    expect(outcome.error?.exitCode).toBe(130);
    expect(store.readRun(outcome.runId)).toMatchObject({
      state: 'stopped',
      endReason: expect.stringMatching(/^Stopped at the request of the user after step \d+, which is saved\.$/),
    });
  });

  it('before it starts is stopped as well', async () => {
    const store = newStore();
    const outcome = await runExperiment({ ...scripted('idle'), store, stop: AbortSignal.abort() });
    expect(outcome.state).toBe('stopped');
    expect(outcome.error?.message).toBe('Stopped at the request of the user before its first step: nothing to save.');
    expect(store.readRun(outcome.runId)?.endReason).toBe(outcome.error?.message);
  });

  it('at once, although the trainer does not listen, is failed with the signal', async () => {
    const store = newStore();
    const stop = new AbortController();
    const kill = new AbortController();
    const running = runExperiment({
      ...scripted('stubborn'),
      store,
      stop: stop.signal,
      kill: kill.signal,
      killAfterMs: 100,
      onEvent: () => stop.abort(),
    });
    await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
    kill.abort();
    const { runId, state, error } = await running;
    expect(state).toBe('failed');
    expect(error).toBeInstanceOf(CancelledError);
    expect(store.readRun(runId)).toMatchObject({
      signal: 'SIGKILL',
      endReason: 'Killed at the request of the user before it could save.',
    });
  });
});

describe('a run that is ended at once after it saved', () => {
  it('is stopped, since nothing is lost', async () => {
    const store = newStore();
    const stop = new AbortController();
    const kill = new AbortController();
    const outcome = await runExperiment({
      ...scripted('saved-stubborn'),
      store,
      stop: stop.signal,
      kill: kill.signal,
      killAfterMs: 100,
      onEvent: ({ event }) => {
        if (event.type !== 'checkpoint') return;
        stop.abort();
        kill.abort();
      },
    });
    expect(outcome.state).toBe('stopped');
    expect(outcome.error?.message).toBe('Stopped at the request of the user after step 2, which is saved.');
    expect(store.readRun(outcome.runId)).toMatchObject({ state: 'stopped', step: 2 });
  });
});

describe('a run that fails', () => {
  it('because its trainer crashes keeps exit code, last event and the tail of its words', async () => {
    const store = newStore();
    const { runId, state, error } = await runExperiment({ ...scripted('crash'), store, stop: never });
    expect(state).toBe('failed');
    expect(error).toBeInstanceOf(RunFailedError);
    expect(error?.exitCode).toBe(7);
    expect(error?.message).toBe(
      'The trainer ended with exit code 1, after its event "metrics": RangeError: the vocabulary is too small.',
    );
    expect(store.readRun(runId)).toMatchObject({
      state: 'failed',
      exitCode: 1,
      signal: null,
      endReason: error?.message,
      stderrTail: expect.stringContaining('RangeError: the vocabulary is too small'),
    });
    expect(store.metricSeries(runId, 'loss')).toHaveLength(1);
  });

  it('because its trainer knows no such script says which, and waits for nothing', async () => {
    const { state, error } = await runExperiment({ ...scripted('waits'), store: newStore(), stop: never });
    expect(state).toBe('failed');
    expect(error?.message).toContain('RangeError: there is no script "waits".');
  });

  it('because its trainer is killed names the signal, and the system as the culprit only with evidence', async () => {
    const store = newStore();
    const { runId, error } = await runExperiment({ ...scripted('killed'), store, stop: never });
    expect(error?.message).toBe('The trainer ended by signal SIGKILL, after its event "metrics".');
    // Nothing was killed for want of memory, as far as the system says.
    expect(error?.hint).toMatch(/^Somebody (or the system )?killed it/);
    expect(error?.hint).toContain('It has saved no checkpoint to go on from.');
    expect(store.readRun(runId)).toMatchObject({ state: 'failed', exitCode: null, signal: 'SIGKILL' });
  });

  it('because native code crashes is told what does without it, and of a checkpoint only where there is one', async () => {
    const store = newStore();
    const first = await runExperiment({ ...scripted('segfault'), store, stop: never });
    expect(first.error?.message).toContain('by signal SIGSEGV');
    const crash =
      'It crashed in native code: please report it; trainer.log in the folder of the run has all it wrote. ' +
      '"bleubird run FILE --device wasm" does without ours.';
    expect(first.error?.hint).toBe(`${crash} It has saved no checkpoint to go on from.`);
    const onStart = ({ directory }: { directory: string }) => void writeCheckpoint(directory, 1);
    const second = await runExperiment({ ...scripted('segfault'), store, stop: never, onStart });
    expect(second.error?.hint).toBe(`${crash} "bleubird resume" goes on from its newest checkpoint.`);
  });

  it('because the trainer cannot go on gives its own reason, hint and kind of error', async () => {
    const store = newStore();
    const { runId, error } = await runExperiment({ ...scripted('fail'), store, stop: never });
    expect(error?.toJSON()).toEqual({
      code: 'DATA',
      exitCode: 3,
      message: 'pairs.tsv is empty.',
      hint: 'Give another file.',
    });
    expect(store.readRun(runId)).toMatchObject({
      state: 'failed',
      endReason: 'pairs.tsv is empty.',
      endHint: 'Give another file.',
      exitCode: 3,
    });
  });

  it('because its model is not here is never made', async () => {
    const store = newStore();
    const { experiment, trainerPath } = scripted('wait');
    const model = '/nowhere/model';
    const running = runExperiment({ experiment: { ...experiment, model }, trainerPath, store, stop: never });
    await expect(running).rejects.toThrow('There is no model directory /nowhere/model.');
    expect(store.listRuns()).toEqual([]);
  });
});

describe('a run whose store is locked by another program', () => {
  function lockedAt(seq: number) {
    const store = newStore({ busyTimeoutMs: 50 });
    const other = new Database(`${store.directory}/bleubird.sqlite`);
    const stop = new AbortController();
    const pauses: (string | null)[] = [];
    const pause = Promise.withResolvers<void>();
    const running = runExperiment({
      ...scripted('wait'),
      store,
      stop: stop.signal,
      onEvent: (envelope) => {
        if (envelope.seq === seq) other.exec('BEGIN IMMEDIATE');
      },
      onPause: (reason) => {
        pauses.push(reason);
        pause.resolve();
      },
    });
    const letGo = () => other.exec('ROLLBACK').close();
    return { store, stop, pauses, running, isPaused: pause.promise, letGo };
  }
  const steps = (store: Store, id: string) => store.metricSeries(id, 'loss').map(({ step }) => step);

  it('waits, and goes on without a hole', async () => {
    const { store, stop, pauses, running, isPaused, letGo } = lockedAt(4);
    await isPaused;
    letGo();
    const { id } = store.findRun('last');
    while ((steps(store, id).at(-1) ?? 0) < 20) await sleep(10);
    stop.abort();
    expect(await running).toMatchObject({ state: 'stopped' });
    const made = steps(store, id);
    expect(made).toEqual(made.map((_, index) => index + 1));
    expect(pauses).toEqual(['another program locks the store', null]);
  });

  it('is left as it was, when its user does not want to wait', async () => {
    const { store, stop, running, isPaused, letGo } = lockedAt(4);
    await isPaused;
    stop.abort();
    const outcome = await running;
    letGo();
    expect(outcome.state).toBe('failed');
    expect(outcome.error).toBeInstanceOf(StoreError);
    expect(outcome.error?.message).toContain('stays locked by another program');
    // Nothing could be written about the end either: what is there is whole up to the failure.
    expect(steps(store, outcome.runId)).toEqual([1, 2, 3]);
    expect(store.readRun(outcome.runId)?.state).toBe('running');
  });
});

describe('a run whose store fails in the middle', () => {
  it('only for a heartbeat goes on, and the diary tells of it', async () => {
    const store = newStore();
    const other = new Database(`${store.directory}/bleubird.sqlite`);
    other.exec(`CREATE TRIGGER beats BEFORE UPDATE OF heartbeat_at ON runs WHEN new.last_seq = old.last_seq
      BEGIN SELECT RAISE(ABORT, 'the disk is full for a moment'); END`);
    const stop = new AbortController();
    const running = runExperiment({ ...scripted('wait'), store, stop: stop.signal });
    while (store.listRuns()[0]?.state !== 'running') await sleep(10);
    await sleep(1_500);
    other.exec('DROP TRIGGER beats');
    other.close();
    while (!store.events(store.findRun('last').id, 100).some(({ type }) => type === 'warning')) await sleep(10);
    stop.abort();
    const { runId, state } = await running;
    expect(state).toBe('stopped');
    const warnings = store.events(runId, 100).filter(({ type }) => type === 'warning');
    expect(warnings.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^a sign of life could not be written: .*full for a moment/),
    ]);
  });

  it('is recorded as failed when the store works again by its end', async () => {
    const store = newStore({ busyTimeoutMs: 50 });
    const other = new Database(`${store.directory}/bleubird.sqlite`);
    const outcome = await runExperiment({
      ...scripted('wait'),
      store,
      stop: never,
      onEvent: ({ seq }) => {
        if (seq === 4) {
          other.exec(`CREATE TRIGGER broken BEFORE INSERT ON metric_points
            BEGIN SELECT RAISE(ABORT, 'the disk has a bad sector'); END`);
        }
      },
    });
    other.close();
    expect(outcome.error).toBeInstanceOf(StoreError);
    expect(store.readRun(outcome.runId)).toMatchObject({
      state: 'failed',
      endReason: expect.stringMatching(/^The run was ended because its store failed: .*bad sector/),
    });
  });
});

it.each([
  { script: 'wait', when: 'at its next event' },
  { script: 'idle', when: 'at its next heartbeat' },
])('leaves a run that another runner has taken up $when, and touches nothing of it', async ({ script }) => {
  const store = newStore();
  const other = { ...identityOf(), pid: 7, hostname: 'far' };
  let trainer = 0;
  const onEvent = ({ event }: Envelope) => {
    if (event.type === 'ready') trainer = event.pid;
    if (event.type !== (script === 'wait' ? 'metrics' : 'ready') || store.findRun('r').runner?.hostname === 'far')
      return;
    // As another host does that has not heard of this one for long.
    store.markInterrupted('r');
    store.resumeRun('r', other).note('x', 'it goes on elsewhere');
  };
  const outcome = await runExperiment({ ...scripted(script), store, runId: 'r', stop: never, onEvent });
  expect(outcome).toMatchObject({ state: 'failed', error: expect.any(StoreError) });
  expect(outcome.error?.message).toBe('Run r was taken up by another runner, on the host far.');
  expect(() => process.kill(trainer, 0)).toThrow('ESRCH');
  expect(store.findRun('r')).toMatchObject({ state: 'pending', runner: other, endReason: null });
  expect(store.events('r', 1)).toMatchObject([{ text: 'it goes on elsewhere' }]);
  const journal = readFileSync(journalPath(store.runDirectory('r')), 'utf8')
    .trimEnd()
    .split('\n');
  expect(journal.at(-1)).toContain('it goes on elsewhere');
});

it('beats once a second while the trainer says nothing', async () => {
  const store = newStore();
  const kill = new AbortController();
  const running = runExperiment({ ...scripted('stubborn'), store, runId: 'r', stop: never, kill: kill.signal });
  while (store.readRun('r')?.state !== 'running') await sleep(10);
  const beat = () => store.findRun('r').heartbeatAt ?? 0;
  // Its first words are signs of life as well, closer together than beats are.
  for (let last = beat(), gapMs = 0; gapMs < 900; ) {
    while (beat() === last) await sleep(10);
    gapMs = beat() - last;
    last += gapMs;
  }
  process.kill(store.findRun('r').trainerPid ?? 0, 'SIGKILL');
  await running;
});
