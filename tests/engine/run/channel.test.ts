/** The trainer's half of the channel: what is recorded, what is held, and what becomes of it without a runner. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { EventSender, eventReceiver } from '../../../src/engine/run/channel.ts';
import { keepInJournal } from '../../../src/engine/run/keep-in-journal.ts';
import { metricTableOf, readWire, type WireEnvelope } from '../../../src/engine/run/wire.ts';
import { journalLine } from '../../../src/store/journal.ts';

const warning = (message: string) => ({ type: 'warning', message }) as const;

function sender() {
  const sent: WireEnvelope[] = [];
  const kept: WireEnvelope[] = [];
  const channel = new EventSender(
    (message, done) => {
      sent.push(message as WireEnvelope);
      done(null);
      return true;
    },
    () => 7,
  );
  channel.keepWith((messages) => kept.push(...messages));
  return { channel, sent, kept };
}

const isSettled = async (promise: Promise<void>) =>
  await Promise.race([promise.then(() => true), new Promise((resolve) => setTimeout(resolve, 10, false))]);

test('What is not recorded when the channel closes is kept, and all that comes after, in order.', async () => {
  const { channel, sent, kept } = sender();
  for (const text of ['a', 'b', 'c']) await channel.send(warning(text));
  channel.recorded(1);
  channel.close();
  await channel.send(warning('d'));
  channel.close();
  expect(sent.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(kept.map(({ seq, event }) => [seq, event])).toEqual([
    [2, warning('b')],
    [3, warning('c')],
    [4, warning('d')],
  ]);
});

test('A flush waits until all is recorded, or kept.', async () => {
  const { channel } = sender();
  await channel.send(warning('a'));
  await channel.send(warning('b'));
  const flushed = channel.flush();
  channel.recorded(1);
  expect(await isSettled(flushed)).toBe(false);
  channel.recorded(2);
  expect(await isSettled(flushed)).toBe(true);
  await channel.send(warning('c'));
  const closed = channel.flush();
  channel.close();
  expect(await isSettled(closed)).toBe(true);
});

test('A runner that does not record makes its trainer wait after 256 events.', async () => {
  const { channel } = sender();
  for (let count = 0; count < 256; count++) await channel.send(warning('x'));
  const next = channel.send(warning('one too many'));
  expect(await isSettled(next)).toBe(false);
  channel.recorded(1);
  expect(await isSettled(next)).toBe(true);
});

test.each([
  ['few', 3],
  ['many', 300],
])('A table of %s rows says on the other side what was put in, a NaN as null.', (_, rows) => {
  const steps = Array.from({ length: rows }, (__, index) => index + 1);
  const values = steps.flatMap((step) => [1 / 3 / step, step === 2 ? Number.NaN : -1e-300 * step]);
  const message = { v: 1, seq: 1, time: 5, event: metricTableOf(['loss', 'é'], steps, values) };
  const { envelope, wire } = eventReceiver()(JSON.parse(JSON.stringify(message)));
  expect(envelope.event).toEqual({
    type: 'metrics',
    points: steps.flatMap((step) => [
      { metric: 'loss', step, value: 1 / 3 / step },
      { metric: 'é', step, value: step === 2 ? null : -1e-300 * step },
    ]),
  });
  expect(readWire(JSON.parse(JSON.stringify(wire))).envelope).toEqual(envelope);
});

test.each([
  ['too few numbers', [1]],
  ['too few bytes', 'AAAAAAAA'],
  ['half a number', 'AAAA'],
])('A table with %s is refused.', (_, values) => {
  const event = { type: 'table', columns: ['loss'], steps: [1, 2], values };
  expect(() => eventReceiver()({ v: 1, seq: 1, time: 5, event })).toThrow(
    'The trainer sent a message that is not understood: {"v":1,"seq":1,"time":5,"event":{"type":"table"',
  );
});

test('Kept events stand in the journal as the store writes them, numbered on, after a line that was torn.', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bleubird-keep-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'journal.jsonl');
  const envelope = { v: 1, seq: 2, time: 5, event: warning('last words') } as const;
  const fail = (error: unknown) => {
    throw error;
  };
  const keep = keepInJournal({ path, lastSeq: 40 }, () => 9, fail);
  keep([envelope]);
  expect(existsSync(path)).toBe(false); // the run was deleted
  writeFileSync(path, '{"whole":1}\n{"crc":12,"entry":{"ty');
  keep([envelope]);
  const line = journalLine({ type: 'event', at: 9, envelope: { ...envelope, seq: 42 } });
  expect(readFileSync(path, 'utf8')).toBe(`{"whole":1}\n${line}`);
});
