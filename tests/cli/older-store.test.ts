/** A store that an older bleubird made, met by commands that only read. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { migrate } from '../../src/store/migrate.ts';
import { migrations } from '../../src/store/migrations.ts';
import { runCli, temporaryFolder } from './run-cli.ts';

it('is told of by doctor, which leaves it alone, and upgraded by ls', async () => {
  const cwd = temporaryFolder();
  const folder = join(cwd, 'store');
  mkdirSync(folder, { mode: 0o700 });
  const path = join(folder, 'bleubird.sqlite');
  const older = migrations.length - 1;
  const database = new Database(path);
  migrate(database, path, () => 0, migrations.slice(0, older));
  database.close();
  const store = ['--store', folder];

  const doctor = await runCli(['doctor', ...store], { cwd });
  expect(doctor.stdout).toContain(
    `is of an older bleubird: it has version ${older}, this one reads ${migrations.length}.\n` +
      '          bleubird ls upgrades it, where it can be written, and keeps the old file beside it.',
  );
  expect(readdirSync(folder)).not.toContain(`bleubird.sqlite.version-${older}`);

  const ls = await runCli(['ls', ...store], { cwd });
  expect(ls.code).toBe(0);
  expect(ls.stderr).toContain('was of an older bleubird and has been upgraded; a copy is kept in it.');
  expect(readdirSync(folder)).toContain(`bleubird.sqlite.version-${older}`);
  expect((await runCli(['doctor', ...store], { cwd })).stdout).toMatch(/^store {5}works: .*store: 0 runs$/m);
});
