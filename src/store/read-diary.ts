/** Reads what a run has besides metrics and evaluations: its settings, samples, checkpoints, lines left out, its diary. */
import { resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import type { LineProblem } from '../engine/run/protocol.ts';
import type { CheckpointRow, EventRow, SampleRow } from './rows.ts';
import { selectAll } from './select.ts';

const OF_RUN = 'run = (SELECT number FROM runs WHERE id = ?)';

/** Gives back the flattened experiment of a run: dotted path to text. */
export function parameters(database: Database, id: string): Record<string, string> {
  const row = z.object({ path: z.string(), value: z.string() });
  const rows = selectAll(database, row, `SELECT path, value FROM parameters WHERE ${OF_RUN} ORDER BY path`, id);
  return Object.fromEntries(rows.map(({ path, value }) => [path, value]));
}

const sampleRow = z.object({
  step: z.number(),
  index: z.number(),
  source: z.string(),
  reference: z.string(),
  hypothesis: z.string(),
  time: z.number(),
});

/** Gives back the newest samples of a run, at most `limit`, the oldest of them first. */
export function samples(database: Database, id: string, limit: number): SampleRow[] {
  const sql = `SELECT step, sentence AS "index", source, reference, hypothesis, time FROM samples
    WHERE ${OF_RUN} ORDER BY step DESC, sentence DESC LIMIT ?`;
  return selectAll(database, sampleRow, sql, id, limit).reverse();
}

const checkpointRow = z.object({
  step: z.number(),
  epoch: z.number(),
  path: z.string(),
  sizeBytes: z.number(),
  createdAt: z.number(),
  removedAt: z.number().nullable(),
});

/** Gives back a run's checkpoints by rising step, those removed by rotation too. */
export function checkpoints(database: Database, id: string, runDirectory: string): CheckpointRow[] {
  const sql = `SELECT step, epoch, path, size_bytes AS sizeBytes, created_at AS createdAt, removed_at AS removedAt
    FROM checkpoints WHERE ${OF_RUN} ORDER BY step`;
  const rows = selectAll(database, checkpointRow, sql, id);
  return rows.map((row) => ({ ...row, path: resolve(runDirectory, row.path) }));
}

const lineProblemRow = z.object({
  file: z.string(),
  line: z.number(),
  reason: z.enum(['unpaired', 'not-utf8', 'empty', 'malformed', 'fuzzy', 'obsolete', 'untranslated', 'other-language']),
  detail: z.string(),
});

/** Gives back the lines of the corpus that were left out (the first 1,000), in the order of the files. */
export function lineProblems(database: Database, id: string): LineProblem[] {
  const sql = `SELECT file, line, reason, detail FROM line_problems WHERE ${OF_RUN} ORDER BY number`;
  return selectAll(database, lineProblemRow, sql, id);
}

const eventRow = z.object({ seq: z.number(), time: z.number(), type: z.string(), text: z.string() });

/** Gives back the newest lines of a run's diary, at most `limit`, the oldest of them first. */
export function events(database: Database, id: string, limit: number): EventRow[] {
  const sql = `SELECT seq, time, type, text FROM events WHERE ${OF_RUN} ORDER BY seq DESC LIMIT ?`;
  return selectAll(database, eventRow, sql, id, limit).reverse();
}
