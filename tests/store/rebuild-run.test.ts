/** A run made anew from its journal, beside the store and then in its place. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { parseEnvelope } from '../../src/runner/parse-envelope.ts';
import { journalPath } from '../../src/store/journal.ts';
import type { Store } from '../../src/store/store.ts';
import { evaluationEvent } from '../support/evaluation.ts';
import { writeFinishedRuns } from '../support/finished-runs.ts';
import { newStore, temporaryFolder } from './new-store.ts';
import { metrics } from './run-events.ts';

const TABLES = [
  'run_details',
  'parameters',
  'metric_points',
  'sentences',
  'hypotheses',
  'samples',
  'checkpoints',
  'events',
];

/** Runs a, b and c with all that a run can have. */
function threeRuns(): { store: Store; other: Database.Database; directory: string } {
  const directory = temporaryFolder();
  const run = (id: string, bleu: number) => ({
    id,
    events: [
      evaluationEvent(),
      metrics(1, { loss: bleu, grad_norm: null }),
      metrics(2, { loss: bleu / 2 }),
      { type: 'checkpoint', step: 2, epoch: 1, path: 'checkpoints/checkpoint-2', sizeBytes: 10 } as const,
      evaluationEvent({ stage: 'after', step: 2, epoch: 1 }),
    ],
  });
  writeFinishedRuns(directory, [run('a', 4), run('b', 6), run('c', 8)]);
  const store = newStore({ directory });
  const other = new Database(join(directory, 'bleubird.sqlite'), { timeout: 0 });
  onTestFinished(() => void other.close());
  return { store, other, directory };
}

/** All rows, but for the keys that evaluations have by chance. */
function rowsOf(database: Database.Database): unknown {
  const all = (sql: string) => database.prepare(sql).all();
  return {
    runs: all('SELECT * FROM runs ORDER BY number'),
    evaluations: all('SELECT *, NULL AS id FROM evaluations ORDER BY run, stage, step'),
    comparisons: all(`
      SELECT c.run, b.stage AS before_stage, b.run AS before_run, a.stage AS after_stage, a.run AS after_run, bleu_delta, loss_delta
      FROM comparisons c JOIN evaluations b ON b.id = before_evaluation JOIN evaluations a ON a.id = after_evaluation
      ORDER BY c.run`),
    tables: TABLES.map((table) => all(`SELECT * FROM ${table} ORDER BY 1, 2, 3`)),
    dangling: all('PRAGMA foreign_key_check'),
  };
}

it('has all its rows, under its key, and the other runs keep theirs', () => {
  const { store, other } = threeRuns();
  const before = rowsOf(other);
  expect(before).toMatchObject({ comparisons: [{ run: 1 }, { run: 2, before_run: 2, after_run: 2 }, { run: 3 }] });
  store.rebuildRun('b', parseEnvelope);
  expect(rowsOf(other)).toEqual(before);
});

it('comes back after its rows were lost, as the newest', () => {
  const { store, other } = threeRuns();
  other.pragma('foreign_keys = ON');
  other.exec("DELETE FROM runs WHERE id = 'b'");
  store.rebuildRun('b', parseEnvelope);
  expect(rowsOf(other)).toMatchObject({
    runs: [{ id: 'a' }, { id: 'c' }, { id: 'b', number: 4, loss: 3 }],
    comparisons: [{ run: 1 }, { run: 3 }, { run: 4, before_run: 4, after_run: 4, before_stage: 'before' }],
    dangling: [],
  });
  expect(store.metricSeries('b', 'loss').map(({ value }) => value)).toEqual([6, 3]);
});

it('leaves the store to others while its journal is read, and no file behind', () => {
  const { store, other, directory } = threeRuns();
  const written: string[] = [];
  store.rebuildRun('b', (value) => {
    other.exec("UPDATE runs SET name = 'written by another' WHERE id = 'a'"); // fails at once where the store is locked
    written.push(...readdirSync(directory));
    return parseEnvelope(value);
  });
  expect(store.readRun('a')?.name).toBe('written by another');
  expect(store.readRun('b')).toMatchObject({ name: 'b', state: 'completed' });
  expect(written).toContain(`bleubird.sqlite.rebuilding-${process.pid}`);
  expect(readdirSync(directory).filter((name) => name.includes('rebuilding'))).toEqual([]);
});

it('is made again where another program wrote it meanwhile, and left alone where that goes on and on', () => {
  const { store, other } = threeRuns();
  let writes = 2;
  const whileWritten: typeof parseEnvelope = (value) => {
    if (writes-- > 0) other.exec("UPDATE runs SET last_seq = last_seq + 1, name = 'theirs' WHERE id = 'b'");
    return parseEnvelope(value);
  };
  store.rebuildRun('b', whileWritten);
  expect(store.readRun('b')?.name).toBe('b');
  writes = Number.POSITIVE_INFINITY;
  expect(() => store.rebuildRun('b', whileWritten)).toThrow(/^Run b is being written by another program/);
  expect(store.readRun('b')?.name).toBe('theirs');
});

it('keeps its rows where the journal does not begin with its making', () => {
  const { store, other, directory } = threeRuns();
  const before = rowsOf(other);
  writeFileSync(journalPath(join(directory, 'runs', 'b')), '');
  expect(() => store.rebuildRun('b', parseEnvelope)).toThrow(/journal of run b does not begin/);
  expect(rowsOf(other)).toEqual(before);
});
