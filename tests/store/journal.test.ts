/** The journal of a run: what is in it, what damage does to it, and the rows that come back from it. */
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseEnvelope } from '../../src/runner/parse-envelope.ts';
import { Journal, journalPath } from '../../src/store/journal.ts';
import { migrate } from '../../src/store/migrate.ts';
import { entriesThatCount, readJournal, summarizeJournal } from '../../src/store/read-journal.ts';
import { replayJournal } from '../../src/store/replay-journal.ts';
import type { Store } from '../../src/store/store.ts';
import { bleu, evaluationEvent } from '../support/evaluation.ts';
import { newStore, temporaryFolder } from './new-store.ts';
import { completed, envelopes, metrics, newRun } from './run-events.ts';

const runner = { pid: 9, processStart: '1', bootId: 'boot', pidNamespace: null, hostname: 'here' };
const failed = { ...completed, state: 'failed', reason: 'no memory', exitCode: 7 } as const;

/** A run that failed after two steps, was resumed after the first, and completed. */
function recordResumedRun(store: Store): string {
  const number = envelopes();
  const first = store.createRun(newRun({ id: 'twice' }));
  first.record(number(evaluationEvent()));
  first.record(number(metrics(1, { loss: 3, grad_norm: null })));
  first.record(number({ type: 'checkpoint', step: 1, epoch: 0.5, path: 'checkpoint-1', sizeBytes: 10 }));
  first.record(number(metrics(2, { loss: 9 })));
  first.note('model', 'a word of the runner');
  first.finish(failed);
  const second = store.resumeRun('twice', runner);
  second.record(number({ type: 'resumed', step: 1, checkpoint: 'checkpoint-1' }));
  second.record(number(metrics(2, { loss: 2 })));
  second.record(number(evaluationEvent({ stage: 'after', step: 2, bleu: bleu(40) })));
  second.finish(completed);
  return store.runDirectory('twice');
}

/** Every row of every table. */
function dump(path: string | Database.Database): Record<string, unknown[]> {
  const database = typeof path === 'string' ? new Database(path) : path;
  const tables = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migrations'")
    .pluck();
  return Object.fromEntries(tables.all().map((name) => [name, database.prepare(`SELECT * FROM ${name}`).all()]));
}

describe('a journal', () => {
  it('gives back every row of a run that failed and was resumed, by its times too', () => {
    const store = newStore();
    const directory = recordResumedRun(store);
    const replayed = new Database(':memory:');
    migrate(replayed, '', () => 0);
    expect(replayJournal(replayed, directory, parseEnvelope)).toBe(1);
    const original = dump(join(store.directory, 'bleubird.sqlite'));
    expect(original.metric_points).toHaveLength(3);
    expect(dump(replayed)).toEqual(original);
    replayed.close();
  });

  it('is for its owner only, and has what was told before the store takes it', () => {
    const store = newStore();
    const writer = store.createRun(newRun({ id: 'gone' }));
    store.markInterrupted('gone');
    store.deleteRun('gone');
    const kept = newStore();
    kept.createRun(newRun({ id: 'x' })).record(envelopes()(metrics(1, { loss: 1 })));
    expect(statSync(journalPath(kept.runDirectory('x'))).mode & 0o777).toBe(0o600);
    expect(() => writer.record(envelopes()(metrics(1, { loss: 1 })))).toThrow('no longer in the store');
    expect(summarizeJournal(journalPath(kept.runDirectory('x')), parseEnvelope)).toMatchObject({
      lastSeq: 1,
      isEnded: false,
      damagedLines: 0,
    });
  });

  it('drops a last line that was not written to its end, and goes on behind the one before', () => {
    const directory = temporaryFolder();
    const journal = new Journal(directory);
    journal.append({ type: 'note', at: 1, kind: 'a', text: 'whole' });
    journal.close();
    appendFileSync(journalPath(directory), '{"crc":12,"entry":{"type":"no');
    expect([...readJournal(journalPath(directory), parseEnvelope)]).toHaveLength(1);
    journal.append({ type: 'note', at: 2, kind: 'b', text: 'next' });
    journal.close();
    const entries = [...readJournal(journalPath(directory), parseEnvelope)];
    expect(entries.map((entry) => entry?.at)).toEqual([1, 2]);
  });

  it('knows a line in which one bit was turned, and reads the others', () => {
    const directory = recordResumedRun(newStore());
    const bytes = readFileSync(journalPath(directory));
    const lines = [...readJournal(journalPath(directory), parseEnvelope)].length;
    const middle = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
    writeFileSync(journalPath(directory), bytes);
    const harmed = [...readJournal(journalPath(directory), parseEnvelope)];
    expect([harmed.length, harmed.filter((entry) => entry === null).length]).toEqual([lines, 1]);
    expect(summarizeJournal(journalPath(directory), parseEnvelope).damagedLines).toBe(1);
  });

  it('leaves out an event that never reached the store before the run was taken up again', () => {
    const directory = temporaryFolder();
    const journal = new Journal(directory);
    const number = envelopes();
    const events = [1, 2].map((step) => number(metrics(step, { loss: step })));
    journal.append({ type: 'created', at: 1, run: { ...newRun(), id: 'x' } });
    for (const envelope of events) journal.append({ type: 'event', at: 2, envelope });
    journal.append({ type: 'resumed', at: 3, runner, lastSeq: 1, was: 'interrupted', endedAt: 2 });
    journal.close();
    const kept = [...entriesThatCount(journalPath(directory), parseEnvelope)].map(({ type }) => type);
    expect(kept).toEqual(['created', 'event', 'resumed']);
  });
});

it('holds a note and the end once, though the store took them at the third try only', () => {
  const store = newStore();
  const writer = store.createRun(newRun({ id: 'r' }));
  const database = new Database(join(store.directory, 'bleubird.sqlite'));
  onTestFinished(() => void database.close());
  const refuse = "CREATE TRIGGER refuse BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no room'); END";
  for (const write of [
    () => writer.note('push', 'same'),
    () => writer.note('push', 'same'),
    () => writer.finish(completed),
  ]) {
    database.exec(refuse);
    expect(write).toThrow('no room');
    expect(write).toThrow('no room');
    database.exec('DROP TRIGGER refuse');
    write();
  }
  const entries = [...readJournal(journalPath(writer.directory), parseEnvelope)].map((entry) => entry?.type);
  expect(entries).toEqual(['created', 'note', 'note', 'ended']);
});
