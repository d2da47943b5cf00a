/** Opening stores: new, old, newer, foreign, damaged, out of reach, and after an unclean end. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import { setAside } from '../../src/store/database-care.ts';
import { useWriteAheadLog } from '../../src/store/journal-mode.ts';
import { migrate } from '../../src/store/migrate.ts';
import { migrations } from '../../src/store/migrations.ts';
import { openStore } from '../../src/store/open-store.ts';
import { withStoreErrors } from '../../src/store/sqlite-error.ts';
import { newStore, temporaryFolder } from './new-store.ts';
import { envelopes, newRun } from './run-events.ts';

const fileOf = (directory: string) => join(directory, 'bleubird.sqlite');

/** The StoreError that `work` throws. */
function storeErrorOf(work: () => unknown): StoreError {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** A closed store with one run of 3,000 points. */
function filledStore(directory = temporaryFolder()): string {
  const store = openStore(directory);
  const number = envelopes();
  const writer = store.createRun(newRun({ id: 'filled' }));
  for (let step = 1; step <= 3_000; step += 100) {
    const points = Array.from({ length: 100 }, (_, index) => ({ metric: 'loss', step: step + index, value: 1 / step }));
    writer.record(number({ type: 'metrics', points }));
  }
  store.close();
  return directory;
}

/** Overwrites the middle of the file, where the pages of the points are. */
function damage(directory: string): void {
  const bytes = readFileSync(fileOf(directory));
  bytes.fill(0x5a, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 40_000);
  writeFileSync(fileOf(directory), bytes);
}

describe('a store that is not there', () => {
  it('is made for its owner only when it is opened for writing', () => {
    const directory = join(temporaryFolder(), 'a', '.bleubird');
    const store = newStore({ directory });
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(fileOf(directory)).mode & 0o777).toBe(0o600);
    expect(store.warnings).toEqual([]);
    const { directory: runFolder } = store.createRun(newRun());
    expect(statSync(runFolder).mode & 0o777).toBe(0o700);
  });

  it('looks empty to a reader, and stays away', () => {
    const directory = join(temporaryFolder(), 'none');
    const store = newStore({ directory, readOnly: true });
    expect(store.listRuns()).toEqual([]);
    expect(store.readRun('x')).toBeNull();
    expect(existsSync(directory)).toBe(false);
    expect(storeErrorOf(() => store.findRun('last')).message).toBe(
      `There is no run "last": the store ${directory} holds no run yet.`,
    );
    expect(storeErrorOf(() => store.createRun(newRun({ id: 'x' }))).message).toContain('cannot be written');
    expect(existsSync(directory)).toBe(false);
  });

  it('looks empty also while another program is just making it', () => {
    const directory = temporaryFolder();
    writeFileSync(fileOf(directory), '');
    expect(newStore({ directory, readOnly: true }).listRuns()).toEqual([]);
    expect(statSync(fileOf(directory)).size).toBe(0);
  });
});

describe('an open store', () => {
  it('logs ahead, so that readers and a writer do not wait for each other', () => {
    const directory = filledStore();
    const database = new Database(fileOf(directory));
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    database.close();
  });

  it('waits for another program that is just making the same store', async () => {
    const path = join(temporaryFolder(), 'shared.sqlite');
    const lock = `const database = new (require('better-sqlite3'))(${JSON.stringify(path)});
      database.exec('CREATE TABLE t (x); BEGIN EXCLUSIVE');
      process.stdout.write('locked');
      setTimeout(() => database.close(), 400);`;
    const other = spawn(process.execPath, ['-e', lock], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    // Without SQLite's own waiting, which does not cover this lock in every case.
    const database = new Database(path, { timeout: 0 });
    expect(() => useWriteAheadLog(database, path, 20)).toThrow('database is locked');
    expect(useWriteAheadLog(database, path, 20_000)).toBeNull();
    database.close();
  });

  it('says so when the file system refuses write-ahead logging, and works all the same', () => {
    const path = join(temporaryFolder(), 'by-descriptor.sqlite');
    // A database opened by its descriptor has no shared memory, like one on a network file system.
    const descriptors = [openSync(path, 'w+'), openSync(`${path}-journal`, 'w+')] as const;
    const database = new Database(
      descriptors[0] as unknown as string,
      { journalFd: descriptors[1] } as Database.Options,
    );
    expect(useWriteAheadLog(database, path, 100)).toContain(
      `Write-ahead logging does not work for ${path} (journal mode is `,
    );
    migrate(database, path, Date.now);
    expect(database.prepare('SELECT count(*) AS runs FROM runs').get()).toEqual({ runs: 0 });
    database.close();
    for (const descriptor of descriptors) closeSync(descriptor);
  });
});

describe('versions of the store', () => {
  it('records each migration with its name, and applies none twice', () => {
    const directory = filledStore();
    newStore({ directory });
    const database = new Database(fileOf(directory));
    const applied = database.prepare('SELECT number, name FROM migrations').all();
    expect(applied).toEqual(migrations.map(({ name }, index) => ({ number: index + 1, name })));
    database.close();
  });

  it('upgrades an older store in one go or not at all, and keeps a copy of it', () => {
    const directory = filledStore();
    const path = fileOf(directory);
    const database = new Database(path);
    const good = { name: 'notes', sql: 'ALTER TABLE runs ADD COLUMN note TEXT' };
    const bad = { name: 'broken', sql: 'CREATE TABLE half (x) STRICT; SELECT nonsense' };
    expect(() => migrate(database, path, () => 1, [...migrations, good, bad])).toThrow('half');
    expect(database.pragma('user_version', { simple: true })).toBe(migrations.length);
    expect(database.prepare("SELECT name FROM sqlite_master WHERE name = 'half'").all()).toEqual([]);
    migrate(database, path, () => 1, [...migrations, good]);
    const copy = new Database(`${path}.version-${migrations.length}`, { readonly: true });
    expect(copy.prepare('SELECT count(*) AS points FROM metric_points').get()).toEqual({ points: 3_000 });
    expect(copy.pragma('user_version', { simple: true })).toBe(migrations.length);
    expect(statSync(copy.name).mode & 0o777).toBe(0o600);
    copy.close();
    expect(database.prepare('SELECT id, note FROM runs').all()).toEqual([{ id: 'filled', note: null }]);
    database.close();
  });

  it('keeps the scores and comparisons of a store from before evaluations of the loss alone', () => {
    const directory = temporaryFolder();
    const path = fileOf(directory);
    const database = new Database(path);
    database.pragma('foreign_keys = ON');
    migrate(database, path, () => 1, migrations.slice(0, 1));
    database.exec(`
      INSERT INTO runs (number, id, name, state, created_at, model, seed)
        VALUES (1, 'old', 'old', 'completed', 1, 'm', 1);
      INSERT INTO run_details (run, experiment) VALUES (1, '{}');
      INSERT INTO evaluations VALUES
        (1, 1, 'before', 0, 0, 2, 4, 3.5, 20.5, '[1]', '[2]', '[50]', 1, 2, 2, 'sig', '{"numBeams":1,"maxLength":9,"lengthPenalty":1,"earlyStopping":false,"references":"raw"}', 2.5, 1),
        (2, 1, 'after', 9, 3, 2, 2, 1.5, 53.5, '[1]', '[2]', '[50]', 1, 2, 2, 'sig', '{"numBeams":1,"maxLength":9,"lengthPenalty":1,"earlyStopping":false,"references":"raw"}', 2.5, 1);
      INSERT INTO comparisons VALUES (1, 1, 2, 'sig', 33, -2);`);
    migrate(database, path, () => 2);
    expect(database.pragma('foreign_key_check')).toEqual([]);
    database.close();
    const store = newStore({ directory });
    expect(store.evaluations('old').map(({ bleu }) => bleu?.score)).toEqual([20.5, 53.5]);
    expect(store.beforeAfter('old')).toMatchObject({
      bleuDelta: 33,
      lossDelta: -2,
      before: { id: 1 },
      after: { id: 2 },
    });
  });

  it('refuses a store of a newer program, for reading and for writing, and leaves it untouched', () => {
    const directory = filledStore();
    const database = new Database(fileOf(directory));
    database.pragma('user_version = 7');
    database.close();
    const bytes = readFileSync(fileOf(directory));
    for (const readOnly of [false, true]) {
      const error = storeErrorOf(() => openStore(directory, { readOnly }));
      expect(error.exitCode).toBe(6);
      expect(error.message).toBe(
        `The store ${fileOf(directory)} has version 7; this bleubird knows versions up to ${migrations.length}.`,
      );
      expect(error.hint).toContain('Upgrade bleubird');
    }
    expect(readFileSync(fileOf(directory)).equals(bytes)).toBe(true);
  });

  it('takes a file whose first migration is not done yet for an empty store', () => {
    const directory = temporaryFolder();
    openStore(directory).close();
    const database = new Database(fileOf(directory));
    database.pragma('user_version = 0');
    database.close();
    expect(newStore({ directory, readOnly: true }).listRuns()).toEqual([]);
  });

  it('refuses the database of another program', () => {
    const directory = temporaryFolder();
    const database = new Database(fileOf(directory));
    database.exec('CREATE TABLE songs (title TEXT)');
    database.close();
    expect(storeErrorOf(() => openStore(directory)).message).toBe(
      `${fileOf(directory)} is an SQLite database of another program, not a bleubird store.`,
    );
  });
});

describe('a damaged store', () => {
  it('that is no database at all is named with what SQLite says and what to do, and not touched', () => {
    const directory = temporaryFolder();
    writeFileSync(fileOf(directory), 'this is not a database, but long enough to be looked at'.repeat(100));
    const bytes = readFileSync(fileOf(directory));
    for (const readOnly of [false, true]) {
      const error = storeErrorOf(() => openStore(directory, { readOnly }));
      expect(error.message).toBe(
        `The store file ${fileOf(directory)} is damaged: SQLite says "file is not a database (SQLITE_NOTADB)".`,
      );
      expect(error.hint).toBe(
        'Nothing was changed. `bleubird store repair` sets it aside and makes a new one of all that can be read and of the journals of the runs.',
      );
    }
    expect(readFileSync(fileOf(directory)).equals(bytes)).toBe(true);
  });

  it('is never replaced by an empty one, neither when the file is gone nor when nothing is left in it', () => {
    for (const lose of [rmSync, (path: string) => truncateSync(path)]) {
      const directory = filledStore();
      lose(fileOf(directory));
      for (const readOnly of [false, true]) {
        const error = storeErrorOf(() => openStore(directory, { readOnly }));
        expect(error.message).toBe(
          `The store file ${fileOf(directory)} is empty or gone, but 1 run beside it has a journal.`,
        );
        expect(error.hint).toContain('`bleubird store repair` makes it anew from what there is');
      }
    }
  });

  it('that was set aside, by a repair that was killed before it had made a new one, is not forgotten for an empty one', () => {
    const directory = filledStore();
    rmSync(join(directory, 'runs'), { recursive: true });
    const aside = setAside(fileOf(directory), 0) ?? '';
    for (const readOnly of [false, true]) {
      expect(storeErrorOf(() => openStore(directory, { readOnly })).message).toBe(
        `The store file ${fileOf(directory)} is empty or gone, but ${aside} was set aside.`,
      );
    }
    renameSync(aside, fileOf(directory));
    expect(newStore({ directory }).listRuns()).toHaveLength(1);
  });

  it('is found out when it is opened after an unclean end', () => {
    const directory = filledStore();
    damage(directory);
    const error = storeErrorOf(() => openStore(directory, { now: () => Date.now() + 60_000 }));
    expect(error.message).toContain(`The store file ${fileOf(directory)} is damaged: SQLite says "`);
  });

  it('is found out at the latest when the damage is read', () => {
    const directory = filledStore();
    damage(directory);
    const store = newStore({ directory });
    expect(storeErrorOf(() => store.metricSeries('filled', 'loss')).message).toContain('is damaged: SQLite says "');
  });

  it('is not searched for damage while its run gives signs of life', () => {
    const directory = filledStore();
    damage(directory);
    expect(newStore({ directory }).warnings).toEqual([]);
  });

  it('that holds an impossible row says which', () => {
    const directory = filledStore();
    const database = new Database(fileOf(directory));
    database.exec("UPDATE run_details SET versions = 'no json'");
    database.close();
    const store = newStore({ directory });
    expect(storeErrorOf(() => store.readRun('filled')).message).toMatch(
      /A row of the store is not as expected:[\s\S]*versions/,
    );
  });
});

describe('a store out of reach', () => {
  it('that is locked for too long is a StoreError', () => {
    const directory = filledStore();
    const store = newStore({ directory, busyTimeoutMs: 20 });
    const other = new Database(fileOf(directory));
    other.exec('BEGIN IMMEDIATE');
    const error = storeErrorOf(() => store.createRun(newRun()));
    expect(error.message).toContain(`The store ${fileOf(directory)} stays locked by another program: `);
    other.exec('ROLLBACK');
    other.close();
    expect(store.createRun(newRun()).runId).toMatch(/^[a-z0-9]{5}$/);
  });

  it('that takes no new run keeps no folder for it', () => {
    const directory = temporaryFolder();
    const store = newStore({ directory });
    const other = new Database(fileOf(directory));
    other.exec("CREATE TRIGGER full BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
    other.close();
    expect(storeErrorOf(() => store.createRun(newRun())).message).toContain('disk is full');
    expect(readdirSync(join(directory, 'runs'))).toEqual([]);
  });

  it('on a full disk says so', () => {
    const database = new Database(join(temporaryFolder(), 'small.sqlite'));
    database.exec('CREATE TABLE t (x)');
    database.pragma('max_page_count = 3');
    const fill = () => database.prepare('INSERT INTO t VALUES (zeroblob(100000))').run();
    const error = storeErrorOf(() => withStoreErrors('/x/bleubird.sqlite', fill));
    expect(error.message).toBe(
      'The disk of the store /x/bleubird.sqlite is full: database or disk is full (SQLITE_FULL).',
    );
    expect(error.hint).toContain('Free some space');
    database.close();
  });

  it('that is a folder where the database should be says so, also to a reader', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'bleubird.sqlite'));
    const message = `The store ${join(folder, 'bleubird.sqlite')} is not a file.`;
    expect(() => openStore(folder, { readOnly: true })).toThrow(message);
    expect(() => openStore(folder)).toThrow(StoreError);
  });

  it('that is a file where a folder should be says so', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(storeErrorOf(() => openStore(file)).message).toContain(`The store ${fileOf(file)} failed: `);
  });

  // In a process of its own, with a limit: Node's recursive mkdir never returns from there.
  it.skipIf(process.platform !== 'linux')('that nobody can make says so', () => {
    const directory = '/proc/bleubird/store';
    const parameters = [fileURLToPath(new URL('open-and-list.ts', import.meta.url)), directory, 'write'];
    const { stdout, signal } = spawnSync(process.execPath, parameters, { encoding: 'utf8', timeout: 30_000 });
    expect(signal).toBeNull();
    expect(JSON.parse(stdout)).toMatchObject({
      exitCode: 6,
      message: expect.stringMatching(
        `^The store ${fileOf(directory)} failed: ENOENT: no such file or directory, mkdir`,
      ),
    });
  });

  // The system lets root write everywhere: there the look from outside is taken by another user.
  const opener = fileURLToPath(new URL('open-and-list.ts', import.meta.url));
  const asUser = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const openElsewhere = (directory: string, mode: 'read' | 'write') => {
    const result = spawnSync(process.execPath, [opener, directory, mode], { encoding: 'utf8', ...asUser });
    return JSON.parse(result.stdout === '' ? JSON.stringify(result.stderr) : result.stdout);
  };
  const readOnlyFolder = () => {
    const directory = join(temporaryFolder(), 'read-only');
    mkdirSync(directory);
    filledStore(directory);
    chmodSync(fileOf(directory), 0o444);
    chmodSync(directory, 0o555);
    chmodSync(join(directory, '..'), 0o755);
    return directory;
  };

  it('for writing can still be read, in a folder where nothing can be written', () => {
    const directory = readOnlyFolder();
    expect(openElsewhere(directory, 'read')).toEqual({ runs: ['filled'] });
    expect(openElsewhere(directory, 'write')).toMatchObject({
      code: 'STORE',
      exitCode: 6,
      message: expect.stringContaining(`The store ${fileOf(directory)} cannot be written: EACCES`),
      hint: 'Choose a folder you can write to with --store DIR or BLEUBIRD_STORE.',
    });
    chmodSync(directory, 0o755);
  });

  it('for writing says so too when only the folder is read-only', () => {
    const directory = readOnlyFolder();
    chmodSync(fileOf(directory), 0o666);
    expect(openElsewhere(directory, 'write')).toMatchObject({
      message: expect.stringContaining(`The store ${fileOf(directory)} cannot be written: EACCES`),
    });
    chmodSync(directory, 0o755);
  });

  it('for writing says so too when only the file is read-only', () => {
    const directory = readOnlyFolder();
    chmodSync(directory, 0o755);
    if (asUser.uid !== undefined) chownSync(directory, asUser.uid, 0);
    expect(openElsewhere(directory, 'write')).toMatchObject({
      message: expect.stringContaining('cannot be written: EACCES'),
    });
    expect(openElsewhere(directory, 'read')).toEqual({ runs: ['filled'] });
  });

  it('with a log nobody can bring in is refused rather than shown without its newest part', () => {
    const source = temporaryFolder();
    const store = newStore({ directory: source });
    store.createRun(newRun());
    const directory = join(temporaryFolder(), 'copy');
    mkdirSync(directory);
    for (const name of ['bleubird.sqlite', 'bleubird.sqlite-wal']) {
      copyFileSync(join(source, name), join(directory, name));
      chmodSync(join(directory, name), 0o444);
    }
    chmodSync(directory, 0o555);
    chmodSync(join(directory, '..'), 0o755);
    expect(openElsewhere(directory, 'read')).toMatchObject({ message: expect.stringContaining('cannot be opened') });
    chmodSync(directory, 0o755);
  });
});
