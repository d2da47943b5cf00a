/** Says where the store and the journal of a run differ. */
import Database from 'better-sqlite3';
import * as z from 'zod';
import { migrate } from './migrate.ts';
import type { ParseEnvelope } from './read-journal.ts';
import { replayJournal } from './replay-journal.ts';

/** What is compared row by row: table, columns, how its rows are called. */
const COMPARED = [
  ['metric_points', 'metric, step, value, time', 'points'],
  ['evaluations', 'stage, step, loss, bleu, signature, time', 'evaluations'],
  ['hypotheses', 'stage, step, sentence, hypothesis', 'translations'],
  ['samples', 'step, sentence, hypothesis', 'samples'],
  ['checkpoints', 'step, path, size_bytes', 'checkpoints'],
] as const;

/**
 * Gives back what the store at `storePath` lacks of a whole journal, in words; none when it has all.
 *
 * @throws the file system's and SQLite's errors
 */
export function missingFromStore(
  storePath: string,
  id: string,
  directory: string,
  parseEnvelope: ParseEnvelope,
): string[] {
  const replayed = new Database(':memory:');
  try {
    migrate(replayed, ':memory:', () => 0);
    const key = replayJournal(replayed, directory, parseEnvelope);
    replayed.prepare('ATTACH ? AS stored').run(storePath);
    const missing: string[] = [];
    for (const [table, columns, called] of COMPARED) {
      const sql = `SELECT count(*) FROM (
        SELECT ${columns} FROM main.${table} WHERE run = ? EXCEPT
        SELECT ${columns} FROM stored.${table} WHERE run = (SELECT number FROM stored.runs WHERE id = ?))`;
      const count = Number(replayed.prepare(sql).pluck().get(key, id));
      if (count > 0) missing.push(`${count} ${called} of its journal are not in the store`);
    }
    const states = replayed
      .prepare(
        'SELECT main.runs.state AS journal, stored.runs.state AS store FROM main.runs JOIN stored.runs USING (id)',
      )
      .get();
    const { journal, store } = z.object({ journal: z.string(), store: z.string() }).parse(states);
    // Without its end the journal knows nothing of one: a runner that was killed.
    if (journal !== store && journal !== 'running' && journal !== 'pending') {
      missing.push(`it is ${store} in the store and ${journal} in its journal`);
    }
    return missing;
  } finally {
    replayed.close();
  }
}
