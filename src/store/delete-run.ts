/** Deletes a run that has ended: its rows, then its folder. */
import { rmSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { StoreError } from '../errors.ts';
import { flushed } from './flushed.ts';
import { journalPath } from './journal.ts';
import { readState } from './read-runs.ts';
import { isUnfinished } from './run-state.ts';

/** @throws {StoreError} when the run is pending or running, or its folder cannot be removed */
export function deleteRun(database: Database, id: string, directory: string): void {
  const remove = database.transaction(() => {
    const state = readState(database, id);
    if (state !== null && isUnfinished(state)) {
      throw new StoreError(`Run ${id} is ${state}: it is not deleted.`, {
        hint: `bleubird stop ${id} ends it first.`,
      });
    }
    database.prepare('DELETE FROM runs WHERE id = ?').run(id);
  });
  flushed(database, () => remove.immediate()); // else a power cut could bring the row back without its folder
  rmSync(journalPath(directory), { force: true }); // first: with it half a folder would pass for a run to be adopted
  rmSync(directory, { recursive: true, force: true });
}
