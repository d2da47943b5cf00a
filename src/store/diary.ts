/** The diary of a run: what happened, a line each, numbered by itself since some lines are the store's own. */
import type { Database } from 'better-sqlite3';

/** Adds a line; the caller holds the transaction. `time` in milliseconds since 1970. */
export type AddToDiary = (type: string, text: string, time: number) => void;

/** Gives back the pen for the diary of the run `number`. */
export function prepareDiary(database: Database, number: number): AddToDiary {
  const add = database.prepare(`
    INSERT INTO events (run, seq, time, type, text)
    VALUES (@run, coalesce((SELECT max(seq) FROM events WHERE run = @run), 0) + 1, @time, @type, @text)`);
  return (type, text, time) => {
    add.run({ run: number, time, type, text });
  };
}
