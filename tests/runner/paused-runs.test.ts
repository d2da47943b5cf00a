import { expect, it } from 'vitest';
import { withPauses } from '../../src/runner/paused-runs.ts';
import { openStore } from '../../src/store/open-store.ts';
import { newStore } from '../store/new-store.ts';
import { envelopes, newRun } from '../store/run-events.ts';
import { canMount, fill, smallDisk } from './full-disk.ts';

const ready = { type: 'ready', pid: 1, device: 'native', description: '', why: '', versions: {} } as const;

it('shows nothing of the kind while the disk has room, however silent a run is', () => {
  const store = newStore({ now: () => 1_000 });
  store.createRun(newRun({ id: 'r' })).record(envelopes()(ready));
  const runs = store.listRuns();
  expect(withPauses(runs, store.directory, 60_000)).toEqual(runs);
});

it.skipIf(!canMount)('shows a silent run as paused when the disk is full, not one that beats or has ended', () => {
  const folder = smallDisk();
  let now = 1_000;
  const store = openStore(folder, { now: () => now });
  const number = envelopes();
  store.createRun(newRun({ id: 'silent' })).record(number(ready));
  now = 9_000;
  store.createRun(newRun({ id: 'lively' })).record(number(ready));
  fill(folder);
  const shown = withPauses(store.listRuns(), folder, 10_000).map(({ id, phase }) => [id, phase]);
  store.close();
  expect(shown).toEqual([
    ['lively', null],
    ['silent', 'paused-for-disk-space'],
  ]);
});
