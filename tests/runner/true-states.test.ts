/** Runs whose runner is dead, in a store that nobody can write. */
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createUiServices } from '../../src/cli/ui-services.ts';
import { identityOf } from '../../src/runner/process-identity.ts';
import { withTrueStates } from '../../src/runner/true-states.ts';
import { journalLine, journalPath } from '../../src/store/journal.ts';
import { openStore } from '../../src/store/open-store.ts';
import { runCli } from '../cli/run-cli.ts';
import { newStore } from '../store/new-store.ts';
import { completed, envelopes, newRun } from '../store/run-events.ts';
import { canMount, fill, makeReadOnly, smallDisk } from './full-disk.ts';

const ready = { type: 'ready', pid: 1, device: 'native', description: '', why: '', versions: {} } as const;
const paused = { type: 'phase', phase: 'paused-for-disk-space' } as const;
const deadRunner = () => ({ ...identityOf(), pid: spawnSync('true').pid });
const reason = expect.stringContaining('Its runner is gone without a word');

/** A run that waited for room when its runner was killed, one that completed just before the cut, and a living one. */
function fillStore(directory: string): void {
  const store = openStore(directory, { now: () => Date.now() - 60_000 });
  for (const id of ['killed', 'done', 'lives']) {
    const number = envelopes();
    const writer = store.createRun(newRun({ id, runner: id === 'lives' ? identityOf() : deadRunner() }));
    writer.record(number(ready));
    if (id !== 'lives') writer.record(number(paused));
  }
  appendFileSync(
    journalPath(store.runDirectory('done')),
    journalLine({ type: 'ended', at: Date.now(), end: completed }),
  );
  store.close();
}

it('shows them as their journal says that they ended, otherwise as interrupted', () => {
  const { directory } = newStore();
  fillStore(directory);
  const store = newStore({ directory, readOnly: true });
  const now = Date.now();
  expect(withTrueStates(store.listRuns(), store, now).map(({ id, state }) => [id, state])).toEqual([
    ['lives', 'running'],
    ['done', 'completed'],
    ['killed', 'interrupted'],
  ]);
  const [killed] = withTrueStates([store.findRun('killed')], store, now);
  expect(killed).toMatchObject({ phase: null, endReason: reason, endedAt: store.findRun('killed').heartbeatAt });
  expect(withTrueStates([store.findRun('done')], store, now)[0]).toMatchObject({ endReason: 'done' });
  expect(Object.keys(withTrueStates(store.listRuns(), store, now)[1] ?? {})).toEqual(
    Object.keys(store.listRuns()[1] ?? {}),
  );
});

it.skipIf(!canMount).each([
  ['is full', fill],
  ['takes no writes', makeReadOnly],
])('are shown so by the commands when the disk %s', async (_how, spoil) => {
  const folder = smallDisk();
  fillStore(folder);
  spoil(folder);
  const ls = await runCli(['ls', '--json', '--store', folder]);
  const listed = ls.stdout.trim().split('\n');
  const isFull = spoil === fill;
  expect(listed.map((line) => JSON.parse(line)).map(({ id, state, phase }) => [id, state, phase])).toEqual([
    ['lives', 'running', isFull ? 'paused-for-disk-space' : null],
    ['done', 'completed', null],
    ['killed', 'interrupted', null],
  ]);
  expect(ls.stderr).toContain('that runs ended without a word could not be recorded');
  const show = await runCli(['show', 'killed', '--store', folder]);
  expect(show.stdout).toMatch(/^killed {2}quick {2}interrupted\n/);
  expect(show.stdout).toContain('Its runner is gone without a word');
  const exported = await runCli([
    'export',
    'done',
    'killed',
    '--table',
    'runs',
    '--columns',
    'run,state',
    '--store',
    folder,
  ]);
  expect(exported.stdout).toBe('run,state\ndone,completed\nkilled,interrupted\n');
  const compared = await runCli(['compare', 'done', 'killed', '--store', folder]);
  expect(compared.stdout).toMatch(/^killed +quick +interrupted/m);
  const report = await runCli(['report', 'killed', '--store', folder]);
  expect(report.stdout).toContain('<td>interrupted</td>');
});

it.skipIf(!canMount)('are shown so by the screens when the disk is full', () => {
  const folder = smallDisk();
  fillStore(folder);
  const store = newStore({ directory: folder });
  fill(folder);
  const services = createUiServices({ store: () => store, cwd: folder, env: {}, binPath: '', now: Date.now });
  expect(services.listRuns().map(({ id, state, phase }) => [id, state, phase])).toEqual([
    ['lives', 'running', 'paused-for-disk-space'],
    ['done', 'completed', null],
    ['killed', 'interrupted', null],
  ]);
  expect(services.readRun('killed')).toMatchObject({ state: 'interrupted', endReason: reason });
});
