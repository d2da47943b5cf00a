/** Says where the store and the journal of a run differ. */
import Database from 'better-sqlite3';
import { migrate } from './migrate.ts';
import type { ParseEnvelope } from './read-journal.ts';
import { readState } from './read-runs.ts';
import { replayJournal } from './replay-journal.ts';
import { isUnfinished } from './run-state.ts';

/** What is compared row by row: table, columns, how its rows are called. */
const COMPARED = [
  ['metric_points', 'metric, step, value, time', 'points'],
  ['evaluations', 'stage, step, loss, bleu, signature, time', 'evaluations'],
  ['hypotheses', 'stage, step, sentence, hypothesis', 'translations'],
  ['samples', 'step, sentence, hypothesis', 'samples'],
  ['checkpoints', 'step, path, size_bytes', 'checkpoints'],
] as const;

/**
 * Gives back what the store lacks of a whole journal, in words; none when it has all. Changes nothing.
 *
 * @param stored  the store
 * @param directory  of the run
 * @throws the file system's and SQLite's errors
 */
export function missingFromStore(
  stored: Database.Database,
  id: string,
  directory: string,
  parseEnvelope: ParseEnvelope,
): string[] {
  const replayed = new Database(':memory:');
  try {
    migrate(replayed, ':memory:', () => 0);
    const key = replayJournal(replayed, directory, parseEnvelope);
    const storedKey = stored.prepare('SELECT number FROM runs WHERE id = ?').pluck().get(id);
    const missing = COMPARED.flatMap(([table, columns, called]) => {
      const rows = replayed.prepare(`SELECT ${columns} FROM ${table} WHERE run = ?`).raw().iterate(key);
      const isLike = columns.replaceAll(/\w+/g, '$& IS ?').replaceAll(',', ' AND');
      const find = stored.prepare(`SELECT 1 FROM ${table} WHERE run = ? AND ${isLike}`).pluck();
      let count = 0;
      for (const row of rows) if (find.get(storedKey, ...(row as unknown[])) === undefined) count += 1;
      return count === 0 ? [] : [`${count} ${called} of its journal are not in the store`];
    });
    const [inStore, inJournal] = [readState(stored, id), readState(replayed, id)];
    // Without its end the journal knows nothing of one: a runner that was killed.
    if (inJournal !== null && inJournal !== inStore && !isUnfinished(inJournal)) {
      missing.push(`it is ${inStore} in the store and ${inJournal} in its journal`);
    }
    return missing;
  } finally {
    replayed.close();
  }
}
