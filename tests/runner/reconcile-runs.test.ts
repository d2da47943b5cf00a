/** What becomes of runs whose runner is dead, when somebody looks. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { keepInJournal } from '../../src/engine/run/keep-in-journal.ts';
import { examineStore } from '../../src/runner/examine-store.ts';
import { identityOf } from '../../src/runner/process-identity.ts';
import { reconcileRuns } from '../../src/runner/reconcile-runs.ts';
import { repairStore } from '../../src/runner/repair-store.ts';
import { requireResumable } from '../../src/runner/resume-point.ts';
import { stopRun } from '../../src/runner/stop-run.ts';
import { journalLine, journalPath } from '../../src/store/journal.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { runCli } from '../cli/run-cli.ts';
import { newStore, temporaryFolder } from '../store/new-store.ts';
import { rememberDatabase } from '../store/power-cut.ts';
import { completed, envelopes, metrics, newRun } from '../store/run-events.ts';

const deadRunner = () => ({ ...identityOf(), pid: spawnSync('true').pid });

/** A store that lost the newest rows of a run, which had completed: its last `lost` events and its end. */
function afterPowerCut(lost: number): string {
  const directory = temporaryFolder();
  const store = openStore(directory);
  const number = envelopes();
  const writer = store.createRun(newRun({ id: 'r', runner: deadRunner() }));
  writer.record(number({ type: 'ready', pid: 1, device: 'native', description: '', why: '', versions: {} }));
  for (let step = 1; step <= 20 - lost; step += 1) writer.record(number(metrics(step, { loss: step })));
  const putBack = rememberDatabase(directory);
  for (let step = 21 - lost; step <= 20; step += 1) writer.record(number(metrics(step, { loss: step })));
  writer.finish(completed);
  store.close();
  putBack();
  return directory;
}

it.each([19, 1, 0])('a run that completed is shown so, though the store lost its end and %i events', async (lost) => {
  const store = newStore({ directory: afterPowerCut(lost) });
  expect(store.readRun('r')?.state).toBe('running');
  expect(reconcileRuns(store)).toBe(1);
  expect(store.readRun('r')).toMatchObject({ state: 'completed', endReason: 'done', step: 20 });
  expect(store.metricSeries('r', 'loss')).toHaveLength(20);
  expect((await examineStore(store.directory)).findings).toEqual([]);
});

it('a run that completed and was taken for interrupted is not taken up again', async () => {
  const store = newStore({ directory: afterPowerCut(0) });
  store.markInterrupted('r');
  await expect(requireResumable(store, 'r')).rejects.toThrow('Run r is completed: all its steps are done.');
});

it('a run that completed is not stopped', async () => {
  const store = newStore({ directory: afterPowerCut(3) });
  await expect(stopRun(store, 'r')).rejects.toThrow('Run r is completed: its runner no longer lives.');
});

it('a run that was taken up again after its journal had said that it completed spoils nothing', async () => {
  const directory = afterPowerCut(3);
  const path = journalPath(join(directory, 'runs', 'r'));
  const runner = deadRunner();
  appendFileSync(path, journalLine({ type: 'resumed', at: 90, runner, lastSeq: 18, was: 'interrupted', endedAt: 80 }));
  const store = newStore({ directory });
  reconcileRuns(store);
  store.close();
  expect((await repairStore(directory, Date.now)).left).toEqual([]);
  expect(newStore({ directory }).readRun('r')).toMatchObject({ state: 'interrupted', step: 17 });
  expect((await examineStore(directory)).findings).toEqual([]);
});

/** A store of three runs; the journal of the one in the middle is a folder, which nobody can read. */
function withBadRun(): string {
  const directory = temporaryFolder();
  const store = openStore(directory);
  for (const id of ['a', 'bad', 'c']) {
    const writer = store.createRun(newRun({ id, runner: deadRunner() }));
    writer.record(envelopes()(metrics(1, { loss: 1 })));
    if (id !== 'c') writer.finish(completed);
  }
  store.close();
  const journal = journalPath(join(directory, 'runs', 'bad'));
  rmSync(journal);
  mkdirSync(journal);
  return directory;
}

it('a run whose journal cannot be read is named by the check and costs the others nothing', async () => {
  const directory = withBadRun();
  const { runs, findings } = await examineStore(directory);
  expect(runs).toBe(3);
  expect(findings).toEqual([
    expect.objectContaining({
      severity: 'problem',
      run: 'bad',
      message: expect.stringMatching(/^it cannot be examined: The journal .* is no file/),
    }),
  ]);
  expect((await repairStore(directory, Date.now)).left).toEqual(findings);
});

it('a run whose journal cannot be read keeps no other from being made anew', async () => {
  const directory = withBadRun();
  const file = join(directory, 'bleubird.sqlite');
  const { length } = readFileSync(file);
  rmSync(file);
  const lost = await repairStore(directory, Date.now);
  expect(length).toBeGreaterThan(0);
  expect(lost.done.join('\n')).toContain('a new store was made with 2 runs: 2 from their journals');
  expect(lost.done.join('\n')).toMatch(/the journal could not be used of bad \(The journal .* is no file/);
  expect(
    newStore({ directory })
      .listRuns()
      .map(({ id, state }) => [id, state])
      .sort(),
  ).toEqual([
    ['a', 'completed'],
    ['c', 'interrupted'],
  ]);
});

it('a dead run whose journal cannot be read is interrupted, and others get their end', () => {
  const directory = withBadRun();
  const store = newStore({ directory });
  store.createRun(newRun({ id: 'late', runner: deadRunner() }));
  rmSync(journalPath(store.runDirectory('late')));
  mkdirSync(journalPath(store.runDirectory('late')));
  expect(reconcileRuns(store)).toBe(2);
  expect(store.readRun('late')?.state).toBe('interrupted');
  expect(store.readRun('c')?.state).toBe('interrupted');
});

/** A process that passes for the trainer of a run, until it is killed. */
function startOrphan(runDirectory: string) {
  const script = join(temporaryFolder(), 'trainer.js');
  writeFileSync(script, 'setInterval(() => {}, 1_000);');
  const orphan = spawn(process.execPath, [script, runDirectory], { stdio: 'ignore' });
  onTestFinished(() => void orphan.kill('SIGKILL'));
  return orphan;
}

it.each([
  { who: 'the screens', look: (store: Store) => void reconcileRuns(store) },
  { who: 'a command', look: (store: Store) => runCli(['ls', '--store', store.directory]) },
])('what a trainer saves after its runner is in the store when $who looked too early', async ({ look }) => {
  const store = newStore();
  const orphan = startOrphan(store.runDirectory('r'));
  const { pid = 0 } = orphan;
  const number = envelopes();
  const writer = store.createRun(newRun({ id: 'r', runner: deadRunner() }));
  writer.record(number({ type: 'ready', pid, device: 'native', description: '', why: '', versions: {} }));
  writer.record(number(metrics(1, { loss: 1 })));
  await look(store);
  expect(store.findRun('r')).toMatchObject({ state: 'interrupted', step: 1 });

  const journal = { path: journalPath(writer.directory), lastSeq: 0 };
  const keep = keepInJournal(journal, Date.now, (error) => expect.fail(String(error)));
  const path = join(writer.directory, 'checkpoints', 'checkpoint-2');
  const saved = { type: 'checkpoint', step: 2, epoch: 1, path, sizeBytes: 1 } as const;
  keep([number(metrics(2, { loss: 0.5 })), number({ type: 'phase', phase: 'saving' }), number(saved)]);
  const hasEnded = once(orphan, 'exit');
  orphan.kill('SIGKILL');
  await hasEnded;
  await look(store);
  expect(store.checkpoints('r')).toMatchObject([{ step: 2, path }]);
  const run = store.findRun('r');
  expect(run).toMatchObject({ state: 'interrupted', step: 2, phase: null, endedAt: run.heartbeatAt });
  expect((await examineStore(store.directory)).findings.filter(({ severity }) => severity === 'problem')).toEqual([]);
});
