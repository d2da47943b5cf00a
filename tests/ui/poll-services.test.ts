/** How often the services are asked, and what the store hears of it. Time is the test's own. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import { type Polling, pollServices } from '../../src/ui/poll-services.ts';
import { initialState } from '../../src/ui/state/ui-state.ts';
import { createUiStore, type UiStore } from '../../src/ui/ui-store.ts';
import { type FixtureServices, fixtureRun, fixtureServices, NOW } from './support/fixture-services.ts';

let polling: Polling | null = null;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  polling?.stop();
  polling = null;
  vi.useRealTimers();
});

/** Begins polling; `changes` counts the states the store went through since. */
function begin(services: FixtureServices, initialRunId?: string): { store: UiStore; changes: () => number } {
  const state = initialState({ columns: 80, rows: 24 }, NOW, initialRunId);
  const store = createUiStore({ services, initialState: state, onQuit: () => {}, onRedraw: () => {} });
  polling = pollServices(services, store);
  let changes = 0;
  store.subscribe(() => {
    changes += 1;
  });
  return { store, changes: () => changes };
}

describe('pollServices', () => {
  it('reads at once, then the list once a second', () => {
    const services = fixtureServices();
    const { store } = begin(services);
    expect(store.getState().list.runs).toHaveLength(7);
    vi.advanceTimersByTime(5_000);
    expect(services.calls.listRuns).toBe(6);
    expect(services.calls.readRun).toBeUndefined();
  });

  it('reads a run that goes on four times a second, and one that has ended once', () => {
    const services = fixtureServices();
    begin(services, 'k3x9');
    vi.advanceTimersByTime(5_000);
    expect(services.calls.readRun).toBe(21);
    polling?.stop();
    const others = fixtureServices();
    begin(others, 'm2d8');
    vi.advanceTimersByTime(5_000);
    expect(others.calls.readRun).toBe(6);
    expect(others.calls.metricSeries).toBe(4);
  });

  it('changes nothing while nothing changes', () => {
    for (const id of [undefined, 'm2d8', 'k3x9']) {
      const { changes } = begin(fixtureServices(), id);
      vi.advanceTimersByTime(10_000);
      expect(changes(), id).toBe(0);
      polling?.stop();
    }
  });

  it('reads for a screen as soon as it is shown', () => {
    const services = fixtureServices([fixtureRun('a')]);
    const { store } = begin(services);
    store.dispatch({ type: 'key', press: { name: 'enter', text: null } });
    expect(store.getState().details.a?.record.name).toBe('a');
    expect(services.calls.translations).toBeUndefined();
    store.dispatch({ type: 'key', press: { name: '2', text: '2' } });
    expect(store.getState().details.a?.translations).toHaveLength(5);
  });

  it('moves the time by seconds while runs go on, by a few seconds otherwise', () => {
    const busy = fixtureServices();
    const first = begin(busy);
    busy.time = NOW + 1_500;
    vi.advanceTimersByTime(250);
    expect(first.store.getState().now).toBe(NOW + 1_000);
    polling?.stop();
    const idle = fixtureServices([fixtureRun('a')]);
    const second = begin(idle);
    idle.time = NOW + 4_900;
    vi.advanceTimersByTime(250);
    expect(second.store.getState().now).toBe(NOW);
    idle.time = NOW + 61_000;
    vi.advanceTimersByTime(250);
    expect(second.store.getState().now).toBe(NOW + 60_000);
  });

  it('tells once that the store cannot be read, and when it can again', () => {
    const services = fixtureServices();
    const { store, changes } = begin(services);
    services.failure = 'The store is locked.';
    vi.advanceTimersByTime(5_000);
    expect(store.getState().readError).toBe('The store is locked. Close the other program.');
    const told = changes();
    vi.advanceTimersByTime(5_000);
    expect(changes()).toBe(told);
    services.failure = null;
    vi.advanceTimersByTime(1_000);
    expect(store.getState().readError).toBeNull();
  });

  it('has a test of significance made once for the evaluations shown, and ends it when it stops', async () => {
    const run = fixtureRun('a');
    const services = fixtureServices([run]);
    const signals: AbortSignal[] = [];
    const { testRuns } = services;
    services.testRuns = (ids, signal) => {
      signals.push(signal);
      return testRuns(ids, signal);
    };
    const { store } = begin(services, 'a');
    const outcomes = () => Object.values(store.getState().tests);
    expect(outcomes()).toEqual(['pending']);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(outcomes()).toMatchObject([[{ pValue: null }, { pValue: 1 / 1001 }]]);
    expect(services.tested).toEqual([['a']]);
    run.record = { ...run.record, endedAt: NOW };
    run.evaluations = run.evaluations.map((evaluation) => ({ ...evaluation, time: NOW }));
    services.testGate = new Promise(() => {});
    await vi.advanceTimersByTimeAsync(5_000);
    expect(services.tested).toEqual([['a'], ['a']]);
    polling?.stop();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('has nothing tested of a comparison of which only one run is there', async () => {
    const services = fixtureServices([fixtureRun('a'), fixtureRun('b')]);
    const { store } = begin(services);
    for (const name of ['space', 'space', 'c']) store.dispatch({ type: 'key', press: { name, text: null } });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(services.tested).toEqual([['a', 'b']]);
    services.runs.pop();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(services.tested).toEqual([['a', 'b']]);
  });

  it('tells why a test of significance could not be made', async () => {
    const services = fixtureServices([fixtureRun('a')]);
    services.testRuns = async () => {
      throw new StoreError('The store is locked.');
    };
    const { store } = begin(services, 'a');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(Object.values(store.getState().tests)).toEqual([null]);
    expect(store.getState().toast?.text).toContain('The store is locked.');
  });

  it('lets a mistake of ours through', () => {
    const services = fixtureServices();
    begin(services);
    services.listRuns = () => {
      throw new TypeError('a mistake');
    };
    expect(() => vi.advanceTimersByTime(1_000)).toThrow('a mistake');
  });
});
