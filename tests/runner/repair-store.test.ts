/** Checking and repairing stores: damaged, lost, behind their journals, with folders copied in. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { assertNoRunGoesOn } from '../../src/runner/assert-no-run-goes-on.ts';
import { examineStore } from '../../src/runner/examine-store.ts';
import { identityOf } from '../../src/runner/process-identity.ts';
import { repairStore } from '../../src/runner/repair-store.ts';
import { journalPath } from '../../src/store/journal.ts';
import { openStore } from '../../src/store/open-store.ts';
import { newStore, temporaryFolder } from '../store/new-store.ts';
import { completed, envelopes, metrics, newRun } from '../store/run-events.ts';
import { orphanedRun } from './orphaned-run.ts';

const now = Date.now;
const fileOf = (directory: string) => join(directory, 'bleubird.sqlite');

/** A closed store with three runs of 500 steps. */
function threeRuns(): string {
  const directory = temporaryFolder();
  const store = openStore(directory);
  for (const id of ['one', 'two', 'three']) {
    const number = envelopes();
    const writer = store.createRun(newRun({ id }));
    for (let step = 1; step <= 500; step += 1) writer.record(number(metrics(step, { loss: 1 / step })));
    writer.finish(completed);
  }
  store.close();
  return directory;
}

function dump(directory: string): unknown[] {
  const database = new Database(fileOf(directory));
  const tables = ['runs', 'run_details', 'parameters', 'metric_points', 'events'];
  const rows = tables.map((table) => database.prepare(`SELECT * FROM ${table}`).all());
  database.close();
  return rows;
}

const problems = async (directory: string) =>
  (await examineStore(directory)).findings
    .filter(({ severity }) => severity === 'problem')
    .map(({ message }) => message);

it('finds nothing in a sound store and repairs nothing', async () => {
  const directory = threeRuns();
  expect(await examineStore(directory)).toMatchObject({ runs: 3, findings: [] });
  expect(await repairStore(directory, now)).toEqual({ done: [], left: [] });
});

it('makes the same rows anew from the journals, whatever was done to the file', async () => {
  const directory = threeRuns();
  const rows = dump(directory);
  const harms: ((path: string) => void)[] = [
    (path) => writeFileSync(path, 'garbage'.repeat(1000)),
    (path) => writeFileSync(path, readFileSync(path).fill(0x5a, 60_000, 90_000)),
    (path) => writeFileSync(path, readFileSync(path).subarray(0, 50_000)),
    (path) => writeFileSync(path, ''),
    (path) => rmSync(path),
  ];
  for (const harm of harms) {
    harm(fileOf(directory));
    expect(await problems(directory)).not.toEqual([]);
    const { done, left } = await repairStore(directory, now);
    expect(left).toEqual([]);
    expect(done.join()).toContain('a new store was made with 3 runs: 3 from their journals');
    expect(dump(directory)).toEqual(rows);
  }
  const aside = readdirSync(directory).filter((name) => name.startsWith('bleubird.sqlite.damaged-'));
  expect(aside).toHaveLength(4);
});

it('saves from a damaged file what can be read of runs that have no journal', async () => {
  const directory = threeRuns();
  for (const id of ['one', 'two', 'three']) rmSync(journalPath(join(directory, 'runs', id)));
  const bytes = readFileSync(fileOf(directory));
  bytes.fill(0x5a, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 4096);
  writeFileSync(fileOf(directory), bytes);
  const { done } = await repairStore(directory, now);
  expect(done.join()).toContain('3 from the damaged file');
  const store = newStore({ directory });
  expect(store.listRuns().map(({ id, state }) => [id, state])).toEqual([
    ['three', 'completed'],
    ['two', 'completed'],
    ['one', 'completed'],
  ]);
  const points = ['one', 'two', 'three'].map((id) => store.metricSeries(id, 'loss').length);
  expect(points.reduce((sum, count) => sum + count)).toBeGreaterThan(1_000);
});

it('gives back rows that the store lost without knowing', async () => {
  const directory = threeRuns();
  const rows = dump(directory);
  const database = new Database(fileOf(directory));
  database.exec(
    "DELETE FROM metric_points WHERE run = 2 AND step > 400; UPDATE runs SET state = 'failed' WHERE number = 3",
  );
  database.close();
  expect(await problems(directory)).toEqual([
    'it is failed in the store and completed in its journal',
    '100 points of its journal are not in the store',
  ]);
  expect((await repairStore(directory, now)).left).toEqual([]);
  expect(dump(directory)).toEqual(rows);
});

it('takes in the folder of a run that was copied from elsewhere', async () => {
  const from = threeRuns();
  const directory = temporaryFolder();
  openStore(directory).close();
  mkdirSync(join(directory, 'runs'));
  cpSync(join(from, 'runs', 'two'), join(directory, 'runs', 'two'), { recursive: true });
  expect(await problems(directory)).toEqual(['its folder is here and the store does not know it']);
  expect((await repairStore(directory, now)).done).toEqual(['run two was taken in']);
  expect(newStore({ directory }).metricSeries('two', 'loss')).toHaveLength(500);
});

it('finds nothing in a store that was moved, and keeps its checkpoints where they are now', async () => {
  const from = join(temporaryFolder(), 'from');
  const store = openStore(from);
  const number = envelopes();
  const writer = store.createRun(newRun({ id: 'r' }));
  for (const step of [1, 2]) {
    const path = join(writer.directory, 'checkpoints', `checkpoint-${step}`);
    mkdirSync(path, { recursive: true });
    writer.record(number({ type: 'checkpoint', step, epoch: step, path, sizeBytes: 1 }));
  }
  writer.finish(completed);
  store.close();
  const directory = join(temporaryFolder(), 'to');
  renameSync(from, directory);
  expect(await problems(directory)).toEqual([]);
  const paths = () => {
    const moved = openStore(directory);
    const found = moved.checkpoints('r').map(({ path }) => path);
    moved.close();
    return found;
  };
  const here = [1, 2].map((step) => join(directory, 'runs', 'r', 'checkpoints', `checkpoint-${step}`));
  expect(paths()).toEqual(here);
  rmSync(fileOf(directory));
  await repairStore(directory, now);
  expect(paths()).toEqual(here);
});

it('removes what a killed program left half made', async () => {
  const directory = threeRuns();
  const left = join(directory, 'runs', 'one', 'checkpoints', '.unfinished-checkpoint-3');
  mkdirSync(left, { recursive: true });
  expect(await problems(directory)).toEqual([`left over: ${left}`]);
  await repairStore(directory, now);
  expect(existsSync(left)).toBe(false);
});

it('puts back a checkpoint that was set aside for one that was not finished, unless that is there', async () => {
  const directory = threeRuns();
  const checkpoints = join(directory, 'runs', 'one', 'checkpoints');
  const asideOf = (step: number) => join(checkpoints, `.replaced-checkpoint-${step}`);
  mkdirSync(asideOf(3), { recursive: true });
  mkdirSync(asideOf(4));
  mkdirSync(join(checkpoints, 'checkpoint-4'));
  expect(await problems(directory)).toEqual([
    `checkpoint-3 is set aside for another that was not finished: ${asideOf(3)}`,
    `left over: ${asideOf(4)}`,
  ]);
  await repairStore(directory, now);
  expect(readdirSync(checkpoints).sort()).toEqual(['checkpoint-3', 'checkpoint-4']);
});

it('waits for a trainer that outlives its runner before it removes what that is saving', async () => {
  const store = newStore();
  const { directory, hasEnded } = await orphanedRun(store, 1_500);
  await repairStore(store.directory, now);
  await hasEnded;
  expect(readdirSync(join(directory, 'checkpoints'))).toEqual([]);
});

it('leaves a store alone while a run is being written', async () => {
  const store = newStore();
  store.createRun(newRun({ id: 'live', runner: identityOf() }));
  await expect(repairStore(store.directory, now)).rejects.toThrow(
    `Run live is being written by process ${process.pid}: the store is left as it is.`,
  );
});

describe('a run on another host', () => {
  const far = { ...identityOf(), hostname: 'far' };
  const refused = 'Run away is being written on the host far: the store is left as it is.';
  const minute = 60_000;

  it('keeps the store as it is until its journal was silent for five minutes', async () => {
    const store = newStore();
    store.createRun(newRun({ id: 'away', runner: far }));
    store.close();
    writeFileSync(fileOf(store.directory), 'damaged');
    const repairing = repairStore(store.directory, () => Date.now() + 4 * minute);
    await expect(repairing).rejects.toMatchObject({
      message: refused,
      hint: expect.stringContaining('bleubird stop away there ends it'),
    });
    expect(() => assertNoRunGoesOn(store.directory, Date.now() + 4 * minute)).toThrow(refused);
    expect(readFileSync(fileOf(store.directory), 'utf8')).toBe('damaged');
    const { done } = await repairStore(store.directory, () => Date.now() + 6 * minute);
    expect(done).toContain(
      'a new store was made with 1 run: 1 from their journals, 0 from the damaged file, 0 from both',
    );
  });

  it('is heard of by its heartbeat while its journal is silent', () => {
    let time = Date.now();
    const store = newStore({ now: () => time });
    const writer = store.createRun(newRun({ id: 'away', runner: far }));
    time += 10 * minute;
    writer.heartbeat();
    expect(() => assertNoRunGoesOn(store.directory, time + 4 * minute)).toThrow(refused);
    expect(() => assertNoRunGoesOn(store.directory, time + 6 * minute)).not.toThrow();
  });
});

it('removes what a trainer left half saved also where the store did not know its run', async () => {
  const directory = threeRuns();
  const left = join(directory, 'runs', 'two', 'checkpoints', '.unfinished-checkpoint-40');
  mkdirSync(left, { recursive: true });
  const database = new Database(fileOf(directory));
  database.exec("PRAGMA foreign_keys = ON; DELETE FROM runs WHERE id = 'two'");
  database.close();
  const { done, left: rest } = await repairStore(directory, now);
  expect(done).toEqual(['run two was taken in', `removed ${left}`]);
  expect(rest).toEqual([]);
  expect(existsSync(left)).toBe(false);
});
