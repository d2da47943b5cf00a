import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { journalPath } from './journal.ts';

/** Gives back the ids of the folders in `runsDirectory` that have a journal; none when there is no such folder. */
export function recordedRuns(runsDirectory: string): string[] {
  return folderNames(runsDirectory).filter((id) => existsSync(journalPath(join(runsDirectory, id))));
}

/** Gives back the names of the folders in a folder, none when it is not there. */
export function folderNames(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
