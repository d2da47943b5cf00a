/** From what a user types to the run that is meant. */
import { describe, expect, it } from 'vitest';
import { newRunId } from '../../src/store/run-id.ts';
import { newStore } from './new-store.ts';
import { experiment, newRun } from './run-events.ts';

function storeWith(...ids: string[]) {
  const store = newStore();
  for (const id of ids) store.createRun(newRun({ id }));
  return store;
}

describe('a run is found', () => {
  const store = () => storeWith('k3f9q', 'k3xx2', 'b7777', 'b77');
  it.each([
    { typed: 'k3f9q', found: 'k3f9q' },
    { typed: 'k3f', found: 'k3f9q' },
    { typed: 'b77', found: 'b77' },
    { typed: 'b777', found: 'b7777' },
    { typed: 'last', found: 'b77' },
  ])('by $typed', ({ typed, found }) => {
    expect(store().findRun(typed).id).toBe(found);
  });
});

describe('a run is not found', () => {
  it('when several begin so, and they are named', () => {
    expect(() => storeWith('k3f9q', 'k3xx2', 'b7777').findRun('k3')).toThrow(
      '"k3" is the beginning of 2 runs: k3xx2, k3f9q.',
    );
  });

  it('when none begins so, and the nearest are named', () => {
    const store = storeWith('k3f9q', 'zzzzz', 'k3g8q', 'k4f9q');
    expect(() => store.findRun('k3f8q')).toThrow('There is no run "k3f8q". The nearest are k3g8q, k3f9q, k4f9q.');
    expect(() => store.findRun('')).toThrow('There is no run "".');
  });

  it('by its name, which several may have', () => {
    const store = newStore();
    for (const id of ['aaaaa', 'bbbbb', 'ccccc', 'ddddd', 'eeeee', 'fffff']) {
      store.createRun(newRun({ id, experiment: { ...experiment, name: 'kde4' } }));
    }
    expect(() => store.findRun('kde4')).toThrow(
      expect.objectContaining({
        message: 'No run has the id "kde4".',
        hint: 'It is the name of fffff, eeeee, ddddd, ccccc, bbbbb; the newest 5 of 6.',
      }),
    );
  });

  it('in an empty store', () => {
    expect(() => storeWith().findRun('last')).toThrow('holds no run yet');
  });
});

it('lists runs from the newest to the oldest', () => {
  expect(
    storeWith('a', 'b', 'c')
      .listRuns()
      .map(({ id }) => id),
  ).toEqual(['c', 'b', 'a']);
});

it('names runs with five signs that cannot be mistaken for each other or for a number', () => {
  const ids = Array.from({ length: 1_000 }, () => newRunId());
  for (const id of ids) expect(id).toMatch(/^[bcdfghjkmnpqrstvwxz][bcdfghjkmnpqrstvwxz2-9]{4}$/);
  expect(new Set(ids).size).toBeGreaterThan(990);
});
