/** What a store takes from the journal of a run that went on without it. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { parseEnvelope } from '../../src/runner/parse-envelope.ts';
import { journalLine, journalPath } from '../../src/store/journal.ts';
import { lastWriter } from '../../src/store/journal-tail.ts';
import type { RunWriter } from '../../src/store/run-writer.ts';
import type { Store } from '../../src/store/store.ts';
import { newStore } from './new-store.ts';
import { completed, envelopes, metrics, newRun } from './run-events.ts';

const runner = { pid: 9, processStart: '1', bootId: 'boot', pidNamespace: null, hostname: 'here' };
const failed = { state: 'failed', reason: 'gone', hint: null, exitCode: 7, signal: null, stderrTail: null } as const;

/** A run of three steps in the store. */
function threeSteps(): { store: Store; path: string; number: ReturnType<typeof envelopes> } {
  const store = newStore();
  const number = envelopes();
  const writer = store.createRun(newRun({ id: 'r' }));
  for (const step of [1, 2, 3]) writer.record(number(metrics(step, { loss: step })));
  return { store, path: journalPath(store.runDirectory('r')), number };
}

const line = (envelope: ReturnType<ReturnType<typeof envelopes>>) => journalLine({ type: 'event', at: 50, envelope });
const losses = (store: Store) => store.metricSeries('r', 'loss').map(({ step, value }) => [step, value]);

it('takes nothing from a journal that has no more than the store', () => {
  const { store } = threeSteps();
  expect(store.catchUp('r', parseEnvelope)).toBe(false);
});

it('takes the events that came after, once, and leaves a run interrupted whose journal tells of no end', () => {
  const { store, path, number } = threeSteps();
  store.markInterrupted('r');
  appendFileSync(path, line(number(metrics(4, { loss: 4 }))));
  const last = number({ type: 'checkpoint', step: 4, epoch: 1, path: 'checkpoints/checkpoint-4', sizeBytes: 1 });
  appendFileSync(path, Buffer.concat([line(last), line(last)]));
  expect(store.catchUp('r', parseEnvelope)).toBe(true);
  expect(losses(store)).toEqual([1, 2, 3, 4].map((step) => [step, step]));
  expect(store.checkpoints('r').map(({ step }) => step)).toEqual([4]);
  expect(store.readRun('r')).toMatchObject({ state: 'interrupted', step: 4 });
  expect(store.catchUp('r', parseEnvelope)).toBe(false);
});

it.each([0, 1])('takes how the run ended for better than that it was interrupted, with %i events to take', (count) => {
  const { store, path, number } = threeSteps();
  store.markInterrupted('r');
  for (let step = 4; step < 4 + count; step += 1) appendFileSync(path, line(number(metrics(step, { loss: step }))));
  appendFileSync(path, journalLine({ type: 'ended', at: 70, end: completed }));
  appendFileSync(path, journalLine({ type: 'note', at: 71, kind: 'push', text: 'done' }));
  expect(store.catchUp('r', parseEnvelope)).toBe(true);
  expect(store.readRun('r')).toMatchObject({ state: 'completed', endReason: 'done', endedAt: 70, step: 3 + count });
  expect(store.events('r', 2).map(({ text }) => text)).toEqual(['completed: done', 'done']);
  expect(store.catchUp('r', parseEnvelope)).toBe(false);
});

it('leaves how the run ended in the store, which its runner wrote', () => {
  const { store, path } = threeSteps();
  appendFileSync(path, journalLine({ type: 'ended', at: 70, end: completed }));
  store.catchUp('r', parseEnvelope);
  appendFileSync(path, journalLine({ type: 'ended', at: 80, end: failed }));
  expect(store.catchUp('r', parseEnvelope)).toBe(false);
  expect(store.readRun('r')).toMatchObject({ state: 'completed', endedAt: 70 });
});

it('takes no end that came before the run was taken up again', () => {
  const { store, path, number } = threeSteps();
  appendFileSync(path, journalLine({ type: 'ended', at: 70, end: failed }));
  store.markInterrupted('r');
  store.resumeRun('r', runner);
  store.markInterrupted('r');
  expect(store.catchUp('r', parseEnvelope)).toBe(false);
  appendFileSync(path, line(number(metrics(4, { loss: 4 }))));
  expect(store.catchUp('r', parseEnvelope)).toBe(true);
  expect(store.readRun('r')).toMatchObject({ state: 'interrupted', step: 4 });
});

it('makes the run anew where the store lacks that it was taken up again', () => {
  const { store, path, number } = threeSteps();
  store.markInterrupted('r');
  appendFileSync(path, journalLine({ type: 'resumed', at: 60, runner, lastSeq: 3, was: 'interrupted', endedAt: 55 }));
  appendFileSync(path, line(number({ type: 'resumed', step: 2, checkpoint: 'checkpoint-2' })));
  appendFileSync(path, journalLine({ type: 'ended', at: 70, end: completed }));
  expect(store.catchUp('r', parseEnvelope, false)).toBe(false); // that is not for who only looks
  expect(store.readRun('r')).toMatchObject({ state: 'interrupted', step: 3 });
  expect(store.catchUp('r', parseEnvelope)).toBe(true);
  expect(store.readRun('r')).toMatchObject({ state: 'completed', step: 2, runner });
});

it('takes what comes after a damaged line, and keeps what only the store has', () => {
  const { store, path, number } = threeSteps();
  appendFileSync(path, line(number(metrics(4, { loss: 4 }))));
  writeFileSync(path, readFileSync(path, 'utf8').replace('"step":2', '"step":9'));
  expect(store.catchUp('r', parseEnvelope, false)).toBe(true);
  expect(losses(store)).toEqual([1, 2, 3, 4].map((step) => [step, step]));
});

it('names the hole of a line that is damaged and that nobody else has', () => {
  const { store, path, number } = threeSteps();
  for (const step of [4, 5]) appendFileSync(path, line(number(metrics(step, { loss: step }))));
  writeFileSync(path, readFileSync(path, 'utf8').replace('"step":4', '"step":9'));
  expect(store.catchUp('r', parseEnvelope, false)).toBe(true);
  expect(losses(store)).toEqual([1, 2, 3, 5].map((step) => [step, step]));
  expect(store.events('r', 1)).toMatchObject([{ text: 'event 4 was lost on the way from the trainer' }]);
});

it('reads of a long journal its end, and who wrote it last', () => {
  const { store, path, number } = threeSteps();
  const half = (writer: RunWriter) => {
    for (let lines = 0; lines < 15; lines += 1) writer.note('x', 'long'.repeat(40_000));
  };
  store.markInterrupted('r');
  const second = store.resumeRun('r', runner);
  half(second);
  second.record(number(metrics(4, { loss: 4 })));
  half(second);
  second.record(number(metrics(5, { loss: 5 })));
  store.markInterrupted('r');
  appendFileSync(path, line(number(metrics(6, { loss: 6 }))));
  appendFileSync(path, journalLine({ type: 'ended', at: 70, end: completed }));
  const parsed: unknown[] = [];
  const parse: typeof parseEnvelope = (value) => {
    parsed.push(value);
    return parseEnvelope(value);
  };
  expect(lastWriter(path, parse)).toEqual(runner);
  expect(store.catchUp('r', parse, false)).toBe(true);
  expect(losses(store)).toEqual([1, 2, 3, 4, 5, 6].map((step) => [step, step]));
  expect(store.readRun('r')?.state).toBe('completed');
  expect(parsed.length).toBeLessThan(6); // not the first ones
});

it('does not take for the last writer what a text quotes', () => {
  const { store, path } = threeSteps();
  store.markInterrupted('r');
  const writer = store.resumeRun('r', runner);
  writer.note('x', `{"crc":1,"entry":{"type":"resumed","at":1}}`);
  expect(lastWriter(path, parseEnvelope)).toEqual(runner);
  writeFileSync(path, readFileSync(path, 'utf8').replace('"type":"resumed","at":', '"type":"resumed","at":9'));
  expect(lastWriter(path, parseEnvelope)).toBeUndefined();
});

it('knows the runner of a journal of before there were namespaces in it', () => {
  const { store, path, number } = threeSteps();
  const [first = '', ...others] = readFileSync(path, 'utf8').split('\n');
  const { entry } = JSON.parse(first);
  delete entry.run.runner.pidNamespace;
  writeFileSync(path, journalLine(entry) + others.join('\n'));
  appendFileSync(path, line(number(metrics(4, { loss: 4 }))));
  expect(store.catchUp('r', parseEnvelope, false)).toBe(true);
  expect(losses(store)).toHaveLength(4);
});

it('reads the journal while others write the store', () => {
  const { store, path, number } = threeSteps();
  for (let step = 4; step <= 9; step += 1) appendFileSync(path, line(number(metrics(step, { loss: step }))));
  const other = new Database(`${store.directory}/bleubird.sqlite`, { timeout: 0 });
  let readings = 0;
  const parseMeanwhile: typeof parseEnvelope = (value) => {
    readings += 1;
    other.exec("BEGIN IMMEDIATE; UPDATE runs SET name = name WHERE id = 'other'; COMMIT");
    return parseEnvelope(value);
  };
  expect(store.catchUp('r', parseMeanwhile)).toBe(true);
  other.close();
  expect(readings).toBeGreaterThan(9);
  expect(losses(store)).toHaveLength(9);
});

it('makes the run anew where it was taken up again in between', () => {
  const { store, number } = threeSteps();
  store.markInterrupted('r');
  const second = store.resumeRun('r', runner);
  second.record(number({ type: 'resumed', step: 2, checkpoint: 'checkpoint-2' }));
  second.record(number(metrics(3, { loss: 30 })));
  second.finish(failed);
  store.close();
  // As after a power cut that took the newest pages: the store is as it was after its second event.
  const database = new Database(`${store.directory}/bleubird.sqlite`);
  database.exec(
    "UPDATE runs SET last_seq = 2, state = 'running' WHERE id = 'r'; DELETE FROM metric_points WHERE step = 3",
  );
  database.close();
  const again = newStore({ directory: store.directory });
  expect(again.catchUp('r', parseEnvelope)).toBe(true);
  expect(losses(again)).toEqual([
    [1, 1],
    [2, 2],
    [3, 30],
  ]);
  expect(again.readRun('r')).toMatchObject({ state: 'failed', endReason: 'gone' });
});
