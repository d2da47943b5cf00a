/** Makes the row, the parameters and the folder of a new run. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { StoreError } from '../errors.ts';
import { flattenExperiment } from './flatten-experiment.ts';
import { Journal } from './journal.ts';
import type { NewRun } from './run-facts.ts';
import { newRunId } from './run-id.ts';

export type { NewRun };

/** Makes the folder of a run under a name that nobody else has or gets. @returns the id */
export function reserveRunId(database: Database, runsDirectory: string): string {
  mkdirSync(runsDirectory, { recursive: true, mode: 0o700 });
  const taken = database.prepare('SELECT 1 FROM runs WHERE id = ?');
  for (;;) {
    const id = newRunId();
    if (taken.get(id) === undefined && makeFolder(join(runsDirectory, id))) return id;
  }
}

/**
 * Inserts the run as pending, under its id or a new one, and begins its journal.
 *
 * @param assertMay  throws where the run may not begin after all; its journal tells of it by then
 * @returns its id, key and journal @throws {StoreError} when the id is taken
 */
export function createRun(
  database: Database,
  runsDirectory: string,
  run: NewRun,
  now: number,
  assertMay: () => void = () => {},
): { id: string; number: number; journal: Journal } {
  const create = (id: string) => {
    const directory = join(runsDirectory, id);
    const journal = new Journal(directory);
    const number = insertRun(database, id, run, now, () => {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      journal.append({ type: 'created', at: now, run: { ...run, id } });
      assertMay();
    });
    return { id, number, journal };
  };
  if (run.id !== undefined) return create(run.id);
  const id = reserveRunId(database, runsDirectory);
  try {
    return create(id);
  } catch (error) {
    rmSync(join(runsDirectory, id), { recursive: true, force: true }); // without a run nobody would ever find it
    throw error;
  }
}

/**
 * Inserts the run as pending.
 *
 * @param isAbout  called when nothing but the commit is left to do
 * @param key      for a run that has had one
 * @returns        its key
 * @throws {StoreError} when the id is taken
 */
export function insertRun(
  database: Database,
  id: string,
  run: NewRun,
  now: number,
  isAbout: () => void = () => {},
  key: number | null = null,
): number {
  const insert = database.transaction(() => {
    if (database.prepare('SELECT 1 FROM runs WHERE id = ?').get(id) !== undefined) {
      throw new StoreError(`There is already a run ${id}.`, { hint: 'Leave the id out to get a new one.' });
    }
    const { experiment, runner } = run;
    const { lastInsertRowid } = database
      .prepare(
        `INSERT INTO runs (number, id, name, state, created_at, heartbeat_at, model, seed)
         VALUES (?, ?, ?, 'pending', ?, ?, ?, ?)`,
      )
      .run(key, id, experiment.name, now, now, experiment.model, experiment.training.seed);
    const number = Number(lastInsertRowid);
    database
      .prepare(
        `INSERT INTO run_details (run, runner_pid, runner_process_start, runner_boot_id, runner_pid_namespace, runner_hostname,
           versions, git_commit, git_dirty, lockfile_hash, resumed_from, parent_run, experiment)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        number,
        runner?.pid ?? null,
        runner?.processStart ?? null,
        runner?.bootId ?? null,
        runner?.pidNamespace ?? null,
        runner?.hostname ?? null,
        JSON.stringify(run.versions),
        run.gitCommit,
        run.gitDirty === null ? null : Number(run.gitDirty),
        run.lockfileHash,
        run.resumedFrom ?? null,
        run.parentRun ?? null,
        JSON.stringify(experiment),
      );
    const parameter = database.prepare('INSERT INTO parameters VALUES (?, ?, ?)');
    for (const [path, value] of flattenExperiment(experiment)) parameter.run(number, path, value);
    isAbout();
    return number;
  });
  return insert.immediate();
}

/** @returns false when there already was one */
function makeFolder(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
