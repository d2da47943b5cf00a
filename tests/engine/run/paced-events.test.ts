import { expect, test } from 'vitest';
import { PacedEvents } from '../../../src/engine/run/paced-events.ts';
import type { TrainerEvent } from '../../../src/engine/run/protocol.ts';
import type { MetricTable } from '../../../src/engine/run/wire.ts';

/** Events sent at a clock that stands still until it is moved. */
function paced() {
  const sent: (TrainerEvent | MetricTable)[] = [];
  const clock = { ms: 0 };
  const outlet = {
    send: async (event: TrainerEvent | MetricTable) => {
      sent.push(event);
    },
    flush: async () => {},
  };
  const events = new PacedEvents(outlet, () => clock.ms);
  return { events, sent, clock };
}

const progress = (done: number) => ({ phase: 'training', unit: 'steps' as const, done, total: 100, etaSeconds: 1 });

test('Points of fast steps are gathered into about ten messages a second, none lost, none out of order.', async () => {
  const { events, sent, clock } = paced();
  for (let step = 1; step <= 1000; step++) {
    clock.ms = step; // a step each millisecond
    await events.metrics(step, { loss: 1 });
  }
  await events.flush();
  expect(sent.length).toBeLessThanOrEqual(12);
  const steps = sent.flatMap((event) => (event.type === 'table' ? event.steps : []));
  expect(steps).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
});

test('Any other event comes after the points gathered before it.', async () => {
  const { events, sent } = paced();
  await events.metrics(1, { loss: 1 });
  await events.metrics(2, { loss: 1 });
  await events.send({ type: 'phase', phase: 'saving' });
  expect(sent.map(({ type }) => type)).toEqual(['table', 'table', 'phase']);
});

test('Progress is sent at most five times a second, but the last of a phase always.', async () => {
  const { events, sent, clock } = paced();
  for (let done = 1; done <= 100; done++) {
    clock.ms = 10 * done;
    await events.progress(progress(done));
  }
  const counts = sent.map((event) => (event.type === 'progress' ? event.done : 0));
  expect(counts.length).toBeLessThanOrEqual(7);
  expect(counts.at(0)).toBe(1);
  expect(counts.at(-1)).toBe(100);
});
