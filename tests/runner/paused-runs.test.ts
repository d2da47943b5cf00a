import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { withPauses } from '../../src/runner/paused-runs.ts';
import { openStore } from '../../src/store/open-store.ts';
import { newStore, temporaryFolder } from '../store/new-store.ts';
import { envelopes, newRun } from '../store/run-events.ts';

const ready = { type: 'ready', pid: 1, device: 'native', description: '', why: '', versions: {} } as const;

it('shows nothing of the kind while the disk has room, however silent a run is', () => {
  const store = newStore({ now: () => 1_000 });
  store.createRun(newRun({ id: 'r' })).record(envelopes()(ready));
  const runs = store.listRuns();
  expect(withPauses(runs, store.directory, 60_000)).toEqual(runs);
});

const mounted = temporaryFolderOnTmpfs();

/** A small file system of its own; null for who may not mount. */
function temporaryFolderOnTmpfs(): ((work: (folder: string) => void) => void) | null {
  if (process.getuid?.() !== 0 || spawnSync('mount', ['--version']).status !== 0) return null;
  return (work) => {
    const folder = temporaryFolder();
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]).status !== 0) return;
    onTestFinished(() => void spawnSync('umount', ['-l', folder]));
    work(folder);
  };
}

it.skipIf(mounted === null)(
  'shows a silent run as paused when the disk is full, not one that beats or has ended',
  () => {
    mounted?.((folder) => {
      let now = 1_000;
      const store = openStore(folder, { now: () => now });
      const number = envelopes();
      store.createRun(newRun({ id: 'silent' })).record(number(ready));
      now = 9_000;
      store.createRun(newRun({ id: 'lively' })).record(number(ready));
      const file = openSync(join(folder, 'filler'), 'w');
      try {
        for (;;) writeSync(file, Buffer.alloc(4096));
      } catch {
        closeSync(file);
      }
      const shown = withPauses(store.listRuns(), folder, 10_000).map(({ id, phase }) => [id, phase]);
      store.close();
      expect(shown).toEqual([
        ['lively', null],
        ['silent', 'paused-for-disk-space'],
      ]);
    });
  },
);
