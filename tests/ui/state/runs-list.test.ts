import { describe, expect, it } from 'vitest';
import {
  cursorIndex,
  EMPTY_RUNS_LIST,
  nextSort,
  progressOf,
  type RunsList,
  runsToCompare,
  SORT_COLUMNS,
  type SortColumn,
  selectedRun,
  toggleMark,
  visibleRuns,
  withRuns,
} from '../../../src/ui/state/runs-list.ts';
import { textFieldOf } from '../../../src/ui/state/text-field.ts';
import { fixtureRun, sampleRuns } from '../support/fixture-services.ts';

const runs = sampleRuns().map(({ record }) => record);
const list = withRuns(EMPTY_RUNS_LIST, runs);
const ids = (of: RunsList) => visibleRuns(of).map(({ id }) => id);

describe('the order of the list', () => {
  it.each<[SortColumn, string[]]>([
    ['age', ['k3x9', 'b7q2', 'm2d8', 'f0a1', 's5t5', 'i8u4', 'w1w1']],
    ['name', ['s5t5', 'i8u4', 'k3x9', 'm2d8', 'b7q2', 'f0a1', 'w1w1']],
    ['state', ['k3x9', 'f0a1', 'i8u4', 's5t5', 'b7q2', 'm2d8', 'w1w1']],
    ['progress', ['b7q2', 'm2d8', 'w1w1', 'i8u4', 'k3x9', 'f0a1', 's5t5']],
    ['after', ['m2d8', 'b7q2', 'w1w1', 'k3x9', 'f0a1', 's5t5', 'i8u4']],
    ['delta', ['m2d8', 'b7q2', 'w1w1', 'k3x9', 'f0a1', 's5t5', 'i8u4']],
  ])('by %s', (sort, expected) => {
    expect(ids({ ...list, sort })).toEqual(expected);
  });

  it('turns round, with runs that have no value last either way', () => {
    expect(ids({ ...list, sort: 'delta', isReversed: true })).toEqual([
      'w1w1',
      'b7q2',
      'm2d8',
      'k3x9',
      'f0a1',
      's5t5',
      'i8u4',
    ]);
  });

  it('comes round to the first column again', () => {
    let sorted: RunsList = { ...list, isReversed: true };
    for (const _ of SORT_COLUMNS) sorted = nextSort(sorted);
    expect(sorted.sort).toBe('age');
    expect(sorted.isReversed).toBe(false);
  });
});

describe('the filter', () => {
  it.each([
    ['quick', ['k3x9', 'b7q2', 'm2d8']],
    ['QUICK 3E-4', ['b7q2']],
    ['failed', ['f0a1']],
    ['s5t', ['s5t5']],
    ['wasm', ['k3x9', 'b7q2', 'm2d8', 'f0a1', 's5t5', 'i8u4', 'w1w1']],
    ['  ', ['k3x9', 'b7q2', 'm2d8', 'f0a1', 's5t5', 'i8u4', 'w1w1']],
    ['quick failed', []],
    // In the path of every run's model, which the list does not show.
    ['demo-en', []],
  ])('"%s" leaves %j', (text, expected) => {
    expect(ids({ ...list, filter: textFieldOf(text) })).toEqual(expected);
  });
});

describe('the cursor', () => {
  it('stays on its run when a new one comes in above it', () => {
    const onSecond = { ...list, cursorId: 'b7q2' };
    const more = withRuns(onSecond, [fixtureRun('new', { ageMs: 0 }).record, ...runs]);
    expect(cursorIndex(more)).toBe(2);
    expect(selectedRun(more)?.id).toBe('b7q2');
  });

  it('goes to the first visible run when its own is gone', () => {
    const gone = withRuns({ ...list, cursorId: 'k3x9' }, runs.slice(1));
    expect(selectedRun(gone)?.id).toBe('b7q2');
    expect(selectedRun(withRuns(list, []))).toBeNull();
  });
});

describe('marks', () => {
  it('are set and taken away, and vanish with their run', () => {
    const marked = toggleMark(toggleMark(list, 'm2d8'), 'k3x9');
    expect(marked.markedIds).toEqual(['m2d8', 'k3x9']);
    expect(toggleMark(marked, 'm2d8').markedIds).toEqual(['k3x9']);
    expect(withRuns(marked, runs.slice(1)).markedIds).toEqual(['m2d8']);
  });

  it('with one mark, compare takes the run under the cursor too', () => {
    const one = toggleMark({ ...list, cursorId: 'w1w1' }, 'm2d8');
    expect(runsToCompare(one)).toEqual(['m2d8', 'w1w1']);
    expect(runsToCompare({ ...one, cursorId: 'm2d8' })).toEqual(['m2d8']);
    expect(runsToCompare(list)).toEqual([]);
  });
});

describe('progressOf', () => {
  it.each([
    ['running', 50, 200, 0.25],
    ['running', 5, 0, null],
    ['pending', 0, null, null],
    ['completed', 0, null, 1],
    ['running', 300, 200, 1],
  ] as const)('a %s run at step %i of %s is done to %s', (state, step, totalSteps, share) => {
    expect(progressOf({ state, step, totalSteps })).toBe(share);
  });
});
