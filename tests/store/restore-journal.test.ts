/** What becomes of a run that goes on when its journal, or its whole folder, is taken away. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { parseEnvelope } from '../../src/runner/parse-envelope.ts';
import { journalPath } from '../../src/store/journal.ts';
import { openStore } from '../../src/store/open-store.ts';
import { newStore, temporaryFolder } from './new-store.ts';
import { completed, envelopes, metrics, newRun } from './run-events.ts';

it.each([
  { what: 'journal is deleted', take: (directory: string) => rmSync(journalPath(directory)) },
  { what: 'journal is moved away', take: (directory: string) => renameSync(journalPath(directory), elsewhere()) },
  { what: 'folder is deleted', take: (directory: string) => rmSync(directory, { recursive: true }) },
  { what: 'folder is moved away', take: (directory: string) => renameSync(directory, elsewhere()) },
])('A run whose $what goes on with a whole journal, and its diary tells.', ({ take }) => {
  const store = newStore();
  const number = envelopes();
  const run = store.createRun(newRun({ id: 'going' }));
  for (const step of [1, 2]) run.record(number(metrics(step, { loss: 1 / step })));
  take(run.directory);
  for (const step of [3, 4]) run.record(number(metrics(step, { loss: 1 / step })));
  run.finish(completed);

  const told = store.events('going', 10).filter(({ type }) => type === 'warning');
  expect(told).toHaveLength(1);
  expect(told[0]?.text).toMatch(/^its journal was deleted, moved away or replaced while the run goes on: .* anew/);
  expect(readdirSync(run.directory)).toEqual(['journal.jsonl']);
  expect(store.missingFromStore('going', parseEnvelope)).toEqual([]);
  const points = store.metricSeries('going', 'loss');
  expect(points).toHaveLength(4);
  store.rebuildRun('going', parseEnvelope);
  expect(store.metricSeries('going', 'loss')).toEqual(points);
  expect(store.readRun('going')).toMatchObject({ state: 'completed', step: 4 });
});

it('What is put in the place of a journal is set aside, and nothing is written into it.', () => {
  const store = newStore();
  const number = envelopes();
  const run = store.createRun(newRun({ id: 'going' }));
  const own = elsewhere();
  renameSync(journalPath(run.directory), own);
  writeFileSync(journalPath(run.directory), 'of another run\n');
  run.record(number(metrics(1, { loss: 1 })));
  const aside = readdirSync(run.directory).find((name) => name.startsWith('journal.jsonl.set-aside-'));
  expect(readFileSync(join(run.directory, aside ?? ''), 'utf8')).toBe('of another run\n');
  const journal = readFileSync(journalPath(run.directory), 'utf8');
  expect(journal.startsWith(readFileSync(own, 'utf8'))).toBe(true);
  expect(journal).toContain('"metric":"loss"');
});

it('The folder of a run that was deleted does not come back with the words of its runner.', () => {
  const store = openStore(temporaryFolder());
  const { directory } = store.createRun(newRun());
  new Database(join(store.directory, 'bleubird.sqlite')).exec('DELETE FROM runs').close();
  rmSync(directory, { recursive: true });
  store.close();
  expect(existsSync(directory)).toBe(false);
});

function elsewhere(): string {
  return join(temporaryFolder(), 'moved');
}
