/** Write-ahead logging lets readers read while a run writes; not every file system has the shared memory it needs. */
import type { Database } from 'better-sqlite3';

/**
 * Switches to write-ahead logging and reads back what SQLite made of it.
 *
 * @returns a warning in words when it was refused and readers and writers will wait for each other, otherwise null
 */
export function useWriteAheadLog(database: Database, path: string, timeoutMs: number): string | null {
  const mode = switchMode(database, timeoutMs);
  if (mode === 'wal') return null;
  return `Write-ahead logging does not work for ${path} (journal mode is ${mode}): is it on a network file system? Reading may be slow while a run writes; --store DIR on a local disk cures it.`;
}

/** Gives back the mode in force; trouble with the file itself shows when it is read back. */
function switchMode(database: Database, timeoutMs: number): string {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; ; waitedMs += 10) {
    try {
      return String(database.pragma('journal_mode = WAL', { simple: true }));
    } catch (error) {
      // Two programs creating a store at once: SQLite does not wait for this lock by itself.
      const isBusy = error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
      if (!isBusy) return String(database.pragma('journal_mode', { simple: true }));
      if (waitedMs >= timeoutMs) throw error;
      Atomics.wait(pause, 0, 0, 10);
    }
  }
}
