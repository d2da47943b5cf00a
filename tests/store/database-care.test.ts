/** Copying and shrinking the file as a whole. */
import { existsSync, linkSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { backUp } from '../../src/store/back-up.ts';
import { databaseFaults, vacuum } from '../../src/store/database-care.ts';
import { newStore, temporaryFolder } from './new-store.ts';
import { completed, envelopes, metrics, newRun } from './run-events.ts';

function storeWithPoints() {
  const store = newStore();
  const number = envelopes();
  const writer = store.createRun(newRun({ id: 'r' }));
  for (let step = 0; step < 100; step++) {
    const values = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`m${index}`, step]));
    writer.record(number(metrics(step, values)));
  }
  return { store, writer, number, path: join(store.directory, 'bleubird.sqlite') };
}

it('copies a store that is being written, whole and sound, in one file for its user alone', async () => {
  const { writer, number, path } = storeWithPoints();
  const folder = temporaryFolder();
  const copy = join(folder, 'copy.sqlite');
  const copying = backUp(path, copy);
  for (let step = 100; step < 120; step++) writer.record(number(metrics(step, { m0: step })));
  expect(await copying).toBe(statSync(copy).size);
  expect(readdirSync(folder)).toEqual(['copy.sqlite']);
  expect(databaseFaults(copy)).toEqual([]);
  const database = new Database(copy, { readonly: true });
  const points = Number(database.prepare('SELECT count(*) FROM metric_points').pluck().get());
  database.close();
  expect(points).toBeGreaterThanOrEqual(10_000);
  expect(statSync(copy).mode & 0o077).toBe(0);
});

it('leaves what is at the destination when the copy cannot be made', async () => {
  const { path } = storeWithPoints();
  const folder = temporaryFolder();
  await expect(backUp(path, join(folder, 'no', 'such', 'folder.sqlite'))).rejects.toThrow(
    /The copy .*folder\.sqlite cannot be written: ENOENT/,
  );
  const missing = join(folder, 'missing.sqlite');
  writeFileSync(join(folder, 'old.sqlite'), 'old');
  await expect(backUp(missing, join(folder, 'old.sqlite'), { overwrites: true })).rejects.toThrow('cannot be opened');
  expect(existsSync(missing)).toBe(false);
  expect(readdirSync(folder)).toEqual(['old.sqlite']);
});

it('copies over an existing file only when it is asked to', async () => {
  const { path } = storeWithPoints();
  const folder = temporaryFolder();
  const copy = join(folder, 'copy.sqlite');
  writeFileSync(copy, 'precious');
  await expect(backUp(path, copy)).rejects.toMatchObject({
    exitCode: 2,
    message: `${copy} exists already: the store is not copied over it.`,
    hint: 'Choose another name, or give --overwrite.',
  });
  expect(readFileSync(copy, 'utf8')).toBe('precious');
  const dangling = join(folder, 'dangling.sqlite');
  symlinkSync(join(folder, 'nowhere'), dangling);
  await expect(backUp(path, dangling)).rejects.toThrow('exists already');
  await backUp(path, copy, { overwrites: true });
  expect(databaseFaults(copy)).toEqual([]);
  expect(readdirSync(folder).sort()).toEqual(['copy.sqlite', 'dangling.sqlite']);
});

it('puts no copy in the place of one that somebody made meanwhile', async () => {
  const { path } = storeWithPoints();
  const copy = join(temporaryFolder(), 'copy.sqlite');
  const copying = backUp(path, copy);
  writeFileSync(copy, 'precious');
  await expect(copying).rejects.toThrow('exists already');
  expect(readFileSync(copy, 'utf8')).toBe('precious');
});

it('never copies a store over itself, under whatever name', async () => {
  const { store, path } = storeWithPoints();
  const folder = temporaryFolder();
  symlinkSync(store.directory, join(folder, 'link'));
  symlinkSync(path, join(folder, 'to-store.sqlite'));
  linkSync(path, join(folder, 'same.sqlite'));
  const names = [
    path,
    `${store.directory}/../${basename(store.directory)}/./bleubird.sqlite`,
    join(folder, 'link', 'bleubird.sqlite'),
    join(folder, 'to-store.sqlite'),
    join(folder, 'same.sqlite'),
    `${path}-wal`,
    join(folder, 'link', 'bleubird.sqlite-journal'),
  ];
  for (const name of names) {
    await expect(backUp(path, name, { overwrites: true })).rejects.toMatchObject({
      message: `${name} is a file of the store itself: it is not copied over itself.`,
      hint: 'Name a file in another folder, or leave the name out.',
    });
  }
  expect(store.metricSeries('r', 'm0')).toHaveLength(100);
});

it('makes no copy of a store that is damaged where nobody has looked yet', async () => {
  const { store, path } = storeWithPoints();
  store.close();
  const file = readFileSync(path);
  writeFileSync(path, file.fill(0x5a, file.length - 8_192, file.length - 4_096));
  const folder = temporaryFolder();
  await expect(backUp(path, join(folder, 'copy.sqlite'))).rejects.toThrow(
    new RegExp(`^The store file ${path} is damaged: SQLite says`),
  );
  expect(readdirSync(folder)).toEqual([]);
});

it('gives the space of a deleted run back', () => {
  const { store, writer, path } = storeWithPoints();
  writer.finish(completed);
  store.deleteRun('r');
  store.close();
  const { beforeBytes, afterBytes } = vacuum(path);
  expect(afterBytes).toBeLessThan(beforeBytes / 2);
  expect(statSync(path).size).toBe(afterBytes);
  expect(databaseFaults(path)).toEqual([]);
});
