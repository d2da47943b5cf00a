/** Runners that are processes of their own: started, stopped, killed, found again. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { identityOf, isAlive } from '../../src/runner/process-identity.ts';
import { reconcileRuns } from '../../src/runner/reconcile-runs.ts';
import { resumeDetachedRunner, startDetachedRunner } from '../../src/runner/start-detached-runner.ts';
import { stopRun } from '../../src/runner/stop-run.ts';
import type { RunEnd } from '../../src/store/run-facts.ts';
import type { Store } from '../../src/store/store.ts';
import { newStore, temporaryFolder } from '../store/new-store.ts';
import { newRun } from '../store/run-events.ts';
import { scripted } from './scripted.ts';

const binPath = fileURLToPath(new URL('scripted-runner.ts', import.meta.url));

const completed: RunEnd = {
  state: 'completed',
  reason: '',
  hint: null,
  exitCode: null,
  signal: null,
  stderrTail: null,
};

/** Starts a detached runner of a script, which ends with the test at the latest. */
async function startScript(store: Store, script: string, patienceMs?: number) {
  const { experiment } = scripted(script);
  const run = await startDetachedRunner({ experiment, storeDirectory: store.directory, binPath, patienceMs });
  endWithTest(store, run);
  return run;
}

function endWithTest(store: Store, run: { runId: string; pid: number }): void {
  onTestFinished(() => {
    const { trainerPid } = store.findRun(run.runId);
    for (const pid of [run.pid, trainerPid]) if (pid !== null && isAlive(identityOf(pid))) process.kill(pid, 'SIGKILL');
  });
}

/** Writes a program in a folder of its own. @returns its path */
function writeScript(text: string): string {
  const path = join(temporaryFolder(), 'program.mjs');
  writeFileSync(path, text);
  return path;
}

async function running(store: Store, id: string): Promise<void> {
  while (store.metricSeries(id, 'loss').length === 0) await sleep(10);
}

async function appErrorOf(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.catch((reason: unknown) => reason);
  if (error instanceof AppError) return error;
  throw new Error(`expected an AppError, got ${String(error)}`);
}

describe('a detached runner', () => {
  it('has its run in the store when it is announced, and stops when it is asked to', async () => {
    const store = newStore();
    const { runId, pid } = await startScript(store, 'wait');
    expect(store.readRun(runId)?.runner).toEqual(identityOf(pid));
    expect(readFileSync(join(store.runDirectory(runId), 'experiment.yaml'), 'utf8')).toContain('name: wait');
    await running(store, runId);
    expect(reconcileRuns(store)).toBe(0);

    expect(await stopRun(store, runId.slice(0, 4))).toMatch(/running|stopped/);
    // Asked again: nothing is sent, so the runner does not take it for "at once".
    expect(await stopRun(store, runId, { waitMs: 10_000 }).catch(() => 'stopped')).toBe('stopped');
    expect(store.readRun(runId)?.state).toBe('stopped');
    const log = readFileSync(join(store.runDirectory(runId), 'runner.log'), 'utf8');
    expect(log).toContain(`running wait in ${process.cwd()}`);
    while (!readFileSync(join(store.runDirectory(runId), 'runner.log'), 'utf8').includes('is stopped')) await sleep(10);
  });

  it('outlives the program that started it', async () => {
    const store = newStore();
    const starter = spawn(
      process.execPath,
      [
        '--input-type=module-typescript',
        '-e',
        `import { resumeDetachedRunner, startDetachedRunner } from ${JSON.stringify(import.meta.resolve('../../src/runner/start-detached-runner.ts'))};
         import { scripted } from ${JSON.stringify(import.meta.resolve('./scripted.ts'))};
         const { experiment } = scripted('wait');
         const run = await startDetachedRunner({ experiment, storeDirectory: ${JSON.stringify(store.directory)}, binPath: ${JSON.stringify(binPath)} });
         process.stdout.write(JSON.stringify(run));`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
    );
    let output = '';
    starter.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    await once(starter, 'close');
    const { runId, pid } = JSON.parse(output);
    endWithTest(store, { runId, pid });
    // A closed terminal hangs up the whole process group of the program that ran in it.
    expect(() => process.kill(-(starter.pid ?? 0), 'SIGHUP')).toThrow('ESRCH');
    await running(store, runId);
    const { length } = store.metricSeries(runId, 'loss');
    await sleep(200);
    expect(store.metricSeries(runId, 'loss').length).toBeGreaterThan(length);
    expect(isAlive(identityOf(pid))).toBe(true);
    expect(await stopRun(store, runId, { waitMs: 10_000 })).toBe('stopped');
  });

  it('is waited for when the clock jumps meanwhile', async () => {
    const store = newStore();
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const starting = startScript(store, 'wait', 60_000);
    vi.setSystemTime(Date.now() + 3_600_000);
    const { runId } = await starting;
    expect(store.readRun(runId)).not.toBeNull();
  });

  it('is found after a sleep that was longer than the patience', async () => {
    const store = newStore();
    const patienceMs = 1_000;
    const starting = startScript(store, 'wait', patienceMs);
    // Nothing of this process goes on until the run is there and the patience is over.
    setTimeout(() => {
      const end = performance.now() + patienceMs;
      const pause = new Int32Array(new SharedArrayBuffer(4));
      while (performance.now() < end || store.listRuns().length === 0) Atomics.wait(pause, 0, 0, 20);
    }, 10);
    const { runId } = await starting;
    expect(store.readRun(runId)).not.toBeNull();
  });

  it('is found in the store that a repair made meanwhile', async () => {
    const store = newStore();
    store.createRun(newRun({ id: 'before' })).finish(completed);
    const module = (path: string) => JSON.stringify(import.meta.resolve(path));
    const script = writeScript(
      `import { rmSync } from 'node:fs';
       import { repairStore } from ${module('../../src/runner/repair-store.ts')};
       rmSync(${JSON.stringify(join(store.directory, 'bleubird.sqlite'))});
       await repairStore(${JSON.stringify(store.directory)}, Date.now);
       await import(${module('./scripted-runner.ts')});`,
    );
    const { experiment } = scripted('wait');
    const options = { experiment, storeDirectory: store.directory, binPath: script, patienceMs: 10_000 };
    const run = await startDetachedRunner(options);
    expect(store.isReplaced()).toBe(true);
    const repaired = newStore({ directory: store.directory });
    endWithTest(repaired, run);
    expect(repaired.readRun(run.runId)?.runner).toEqual(identityOf(run.pid));
  });

  it('that is killed leaves a run which is interrupted, at its last sign of life, and no trainer', async () => {
    const store = newStore();
    const { runId, pid } = await startScript(store, 'wait');
    await running(store, runId);
    const { trainerPid, runner } = store.findRun(runId);
    process.kill(pid, 'SIGKILL');
    while (runner !== null && isAlive(runner)) await sleep(10);

    expect(store.readRun(runId)?.state).toBe('running');
    expect(reconcileRuns(store)).toBe(1);
    expect(reconcileRuns(store)).toBe(0);
    const run = store.findRun(runId);
    expect(run).toMatchObject({ state: 'interrupted', endedAt: run.heartbeatAt });
    expect(run.endHint).toContain(`bleubird resume ${runId}`);
    // Told to end within 2 s; the looks come late on a busy machine.
    for (const start = performance.now(); performance.now() - start < 3_000; await sleep(10)) {
      if (!isAlive(identityOf(trainerPid ?? 0))) return;
    }
    expect.fail('the trainer outlived its runner');
  });
});

describe('a detached runner that cannot start', () => {
  it('gives its own words and exit code, and leaves nothing behind', async () => {
    const store = newStore();
    const error = await appErrorOf(startScript(store, 'refused'));
    expect(error.code).toBe('CONFIG');
    expect(error.message).toBe(
      'The runner ended with exit code 2 before its run began. It said:\nThe experiment is refused.',
    );
    expect(store.listRuns()).toEqual([]);
    expect(readdirSync(join(store.directory, 'runs'))).toEqual([]);
  });

  it('that never begins is ended after a while', async () => {
    const store = newStore();
    const error = await appErrorOf(startScript(store, 'silent', 400));
    expect(error.code).toBe('RUN_FAILED');
    expect(error.message).toBe('The runner did not begin its run within 0.4 seconds and was ended.');
  });

  it('writes no log through a link', async () => {
    const store = newStore();
    const { runId, directory } = store.createRun(newRun({ id: 'linked' }));
    const precious = join(store.directory, 'precious');
    writeFileSync(precious, 'precious');
    symlinkSync(precious, join(directory, 'runner.log'));
    const resuming = resumeDetachedRunner({ runId, storeDirectory: store.directory, binPath: '/nowhere/bin.js' });
    const error = await appErrorOf(resuming);
    expect(error.message).toBe(`The log ${join(directory, 'runner.log')} is a link: no runner writes through it.`);
    expect(error.hint).toBe('Remove it.');
    expect(readFileSync(precious, 'utf8')).toBe('precious');
  });

  it('waits for nobody who reads a pipe in the place of the log', async () => {
    const store = newStore();
    const { runId, directory } = store.createRun(newRun({ id: 'piped' }));
    execFileSync('mkfifo', [join(directory, 'runner.log')]);
    const resuming = resumeDetachedRunner({ runId, storeDirectory: store.directory, binPath: '/nowhere/bin.js' });
    const error = await appErrorOf(resuming);
    expect(error.message).toBe(`The log ${join(directory, 'runner.log')} is no file: no runner writes through it.`);
  });

  it('because its run was deleted meanwhile says that it ended', async () => {
    const store = newStore();
    const { runId, directory } = store.createRun(newRun({ id: 'deleted' }));
    const script = writeScript(
      `import { rmSync } from 'node:fs';
       rmSync(${JSON.stringify(directory)}, { recursive: true });
       process.exit(6);`,
    );
    const resuming = resumeDetachedRunner({ runId, storeDirectory: store.directory, binPath: script });
    const error = await appErrorOf(resuming);
    expect(error.code).toBe('STORE');
    expect(error.message).toBe('The runner ended with exit code 6 before its run began.');
  });

  it('is not taken for the runner before, which had the same number', async () => {
    const store = newStore();
    const { runId } = store.createRun(newRun({ id: 'again', runner: { ...identityOf(), processStart: '1' } }));
    const script = writeScript(
      `import Database from ${JSON.stringify(import.meta.resolve('better-sqlite3'))};
       const database = new Database(${JSON.stringify(join(store.directory, 'bleubird.sqlite'))});
       database.prepare('UPDATE run_details SET runner_pid = ?').run(process.pid);
       setTimeout(() => { console.error('There is no room.'); process.exit(6); }, 500);`,
    );
    const resuming = resumeDetachedRunner({ runId, storeDirectory: store.directory, binPath: script });
    expect((await appErrorOf(resuming)).message).toBe(
      'The runner ended with exit code 6 before its run began. It said:\nThere is no room.',
    );
  });

  it('for want of its program says what Node says', async () => {
    const store = newStore();
    const { experiment } = scripted('wait');
    const options = { experiment, storeDirectory: store.directory, binPath: '/nowhere/bin.js' };
    expect((await appErrorOf(startDetachedRunner(options))).message).toContain("Cannot find module '/nowhere/bin.js'");
    const unusable = startDetachedRunner({ ...options, binPath: 'a\0b' });
    await expect(unusable).rejects.toThrow('null bytes');
    expect(readdirSync(join(store.directory, 'runs'))).toEqual([]);
  });
});

describe('a run that cannot be stopped', () => {
  it('is one that is not running', async () => {
    const store = newStore();
    const writer = store.createRun(newRun({ id: 'done' }));
    writer.finish(completed);
    expect((await appErrorOf(stopRun(store, 'done'))).message).toBe('Run done is completed, not running.');
    expect((await appErrorOf(stopRun(store, 'nobody'))).message).toContain('There is no run "nobody"');
  });

  it('is one whose runner is dead: it becomes interrupted', async () => {
    const store = newStore();
    store.createRun(newRun({ id: 'dead', runner: { ...identityOf(), processStart: '1' } }));
    expect((await appErrorOf(stopRun(store, 'dead'))).message).toBe(
      'Run dead is interrupted: its runner no longer lives.',
    );
    expect(store.readRun('dead')?.state).toBe('interrupted');
  });

  it('is one on another host', async () => {
    const store = newStore();
    store.createRun(newRun({ id: 'far', runner: { ...identityOf(), hostname: 'far-away' } }));
    expect((await appErrorOf(stopRun(store, 'far'))).message).toBe('Run far runs on the host far-away.');
  });

  it.skipIf(process.getuid?.() !== 0)('is one of another user, whose own wish still counts as the first', async () => {
    const store = newStore();
    store.createRun(newRun({ id: 'theirs', runner: identityOf() }));
    chmodSync(store.directory, 0o777);
    for (const name of readdirSync(store.directory)) chmodSync(join(store.directory, name), 0o777);
    const words = `
      import { openStore } from ${JSON.stringify(import.meta.resolve('../../src/store/open-store.ts'))};
      import { stopRun } from ${JSON.stringify(import.meta.resolve('../../src/runner/stop-run.ts'))};
      await stopRun(openStore(${JSON.stringify(store.directory)}), 'theirs').catch((error) => console.log(error.message));`;
    const parameters = ['--input-type=module-typescript', '-e', words];
    const { stdout } = spawnSync(process.execPath, parameters, { uid: 65534, gid: 65534, encoding: 'utf8' });
    expect(stdout).toBe(`Run theirs belongs to another user: process ${process.pid} cannot be signalled.\n`);
    expect(store.markStopRequested('theirs')).toBe(true);
  });
});

describe('reconciling', () => {
  it.each([
    { what: 'a process number used again', runner: { ...identityOf(), processStart: '1' }, marked: 1 },
    { what: 'another boot', runner: { ...identityOf(), bootId: 'before' }, marked: 1 },
    { what: 'no such process', runner: { ...identityOf(), pid: 2 ** 22 + 1 }, marked: 1 },
    { what: 'this very process', runner: identityOf(), marked: 0 },
    { what: 'another host with a fresh heartbeat', runner: { ...identityOf(), hostname: 'far' }, marked: 0 },
    {
      what: 'another container with a fresh heartbeat',
      runner: { ...identityOf(), pidNamespace: 'pid:[1]' },
      marked: 0,
    },
    { what: 'nobody', runner: null, marked: 1 },
  ])('a run of $what marks $marked', ({ runner, marked }) => {
    const store = newStore();
    store.createRun(newRun({ runner }));
    expect(reconcileRuns(store)).toBe(marked);
    expect(store.findRun('last').state).toBe(marked === 1 ? 'interrupted' : 'pending');
  });

  it('marks a run on another host after five minutes of silence', () => {
    const store = newStore();
    store.createRun(newRun({ runner: { ...identityOf(), hostname: 'far' } }));
    expect(reconcileRuns(store, Date.now() + 4 * 60_000)).toBe(0);
    expect(reconcileRuns(store, Date.now() + 6 * 60_000)).toBe(1);
  });
});
