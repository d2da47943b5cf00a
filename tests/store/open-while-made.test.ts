/** A reader that opens a store while another program makes it: what the other one does falls between two looks of the reader. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import * as recordedRuns from '../../src/store/recorded-runs.ts';
import { temporaryFolder } from './new-store.ts';
import { completed, newRun } from './run-events.ts';

vi.mock(import('../../src/store/recorded-runs.ts'), { spy: true });

/** The other program, done with a first run by the time the reader looks for recorded ones. */
function makeWhenRunsAreSought(directory: string): void {
  vi.mocked(recordedRuns.recordedRuns).mockImplementationOnce(() => {
    const store = openStore(directory);
    store.createRun(newRun({ id: 'first' })).finish(completed);
    store.close();
    return ['first'];
  });
}

it.each([
  ['is not there', (_file: string) => {}],
  ['is empty', (file: string) => writeFileSync(file, '')],
])('reads the runs of a store whose file %s at its first look', (_what, prepare) => {
  const directory = temporaryFolder();
  prepare(join(directory, 'bleubird.sqlite'));
  makeWhenRunsAreSought(directory);
  const store = openStore(directory, { readOnly: true });
  expect(store.listRuns().map(({ id }) => id)).toEqual(['first']);
  store.close();
});
