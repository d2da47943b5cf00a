/** What a runner does when its store has no room, and when it fails. */
import { expect, it, vi } from 'vitest';
import type { Envelope } from '../../src/engine/run/protocol.ts';
import { StoreError } from '../../src/errors.ts';
import { History } from '../../src/runner/history.ts';
import type { RunWriter } from '../../src/store/run-writer.ts';
import { newStore } from '../store/new-store.ts';
import { completed, envelopes, metrics, newRun } from '../store/run-events.ts';

const refusal = (message: string, code: string) =>
  new StoreError(message, { cause: Object.assign(new Error(message), { code }) });
const full = () => refusal('The disk is full.', 'ENOSPC');
const locked = () => refusal('The store stays locked.', 'SQLITE_BUSY');
const never = new AbortController().signal;

/** The writer of a real store that refuses everything while there is a `refusal`. */
function refusingWriter() {
  const store = newStore();
  const writer = store.createRun(newRun({ id: 'r' }));
  const state: { refusal: StoreError | null } = { refusal: null };
  const guarded = new Proxy(writer, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (state.refusal !== null) throw state.refusal;
        return Reflect.apply(value, target, args);
      };
    },
  });
  return { store, state, writer: guarded as RunWriter };
}

const steps = (store: ReturnType<typeof newStore>) => store.metricSeries('r', 'loss').map(({ step }) => step);

it.each([
  { reason: 'the disk is full', refuse: full },
  { reason: 'another program locks the store', refuse: locked },
])('waits while $reason, then writes all in order, and says both', async ({ reason, refuse }) => {
  const { store, state, writer } = refusingWriter();
  const said: (string | null)[] = [];
  const heard: number[] = [];
  const history = new History(writer, {
    onPause: (why) => said.push(why),
    onEvent: ({ seq }: Envelope) => heard.push(seq),
  });
  const number = envelopes();
  const add = (step: number) => {
    const envelope = number(metrics(step, { loss: step }));
    return history.add(envelope, envelope);
  };
  expect(add(1)).toBeUndefined();
  state.refusal = refuse();
  const [second, third] = [add(2), add(3)];
  history.note('push', 'a word in between');
  history.heartbeat();
  expect(steps(store)).toEqual([1]);
  expect(said).toEqual([reason]);
  state.refusal = null;
  await Promise.all([second, third, history.settled()]);
  expect(steps(store)).toEqual([1, 2, 3]);
  expect(heard).toEqual([1, 2, 3]);
  expect(said).toEqual([reason, null]);
  expect(store.events('r', 9).map(({ text }) => text)).toEqual([
    'a word in between',
    `it was paused: ${reason}; now it goes on`,
  ]);
  expect(history.failure).toBeNull();
});

it('waits no longer once the user wants to leave', async () => {
  const { state, writer } = refusingWriter();
  const history = new History(writer, {});
  history.onFailure = vi.fn();
  state.refusal = full();
  const envelope = envelopes()(metrics(1, { loss: 1 }));
  history.add(envelope, envelope);
  expect(history.onFailure).not.toHaveBeenCalled();
  history.giveUp();
  expect(history.onFailure).toHaveBeenCalledOnce();
  expect(await history.end(completed, AbortSignal.abort())).toMatchObject({ message: 'The disk is full.' });
});

it('records the end of a run when there is room for it', async () => {
  const { store, state, writer } = refusingWriter();
  const history = new History(writer, {});
  state.refusal = full();
  setTimeout(() => {
    state.refusal = null;
  }, 200);
  expect(await history.end(completed, never)).toBeNull();
  expect(store.readRun('r')?.state).toBe('completed');
});

it('does not wait for a store that fails otherwise', () => {
  const { state, writer } = refusingWriter();
  const history = new History(writer, {});
  history.onFailure = vi.fn();
  state.refusal = new StoreError('The store is damaged.');
  const envelope = envelopes()(metrics(1, { loss: 1 }));
  history.add(envelope, envelope);
  history.add({ ...envelope, seq: 2 }, { ...envelope, seq: 2 });
  expect(history.onFailure).toHaveBeenCalledOnce();
  expect(history.failure?.message).toBe('The store is damaged.');
});
