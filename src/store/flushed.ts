/**
 * Commits that a power cut must not take. What a run tells is in its journal, and comes back from there; that there is a run
 * at all, or none any more, or whose it is, only the database knows. In WAL mode SQLite flushes its log after a commit only when it is told FULL
 * (sqlite.org/pragma.html#pragma_synchronous).
 */
import type { Database } from 'better-sqlite3';

/** Does the work, a whole transaction, and flushes the log after its commit. @returns what the work gives */
export function flushed<T>(database: Database, work: () => T): T {
  database.pragma('synchronous = FULL');
  try {
    return work();
  } finally {
    database.pragma('synchronous = NORMAL'); // as it was opened with
  }
}
