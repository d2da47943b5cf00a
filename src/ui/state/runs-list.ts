/** The list of runs as the screen shows it: sorted, filtered, with a cursor that stays on its run while rows move. */
import type { RunState, RunSummary } from '../../store/rows.ts';
import { rememberLast } from './remember-last.ts';
import type { TextField } from './text-field.ts';

export const SORT_COLUMNS = ['age', 'name', 'state', 'progress', 'before', 'after', 'delta'] as const;
export type SortColumn = (typeof SORT_COLUMNS)[number];

export interface RunsList {
  /** Null until the store has been read once. */
  readonly runs: readonly RunSummary[] | null;
  /** The run under the cursor; null stands for the first. */
  readonly cursorId: string | null;
  readonly markedIds: readonly string[];
  readonly sort: SortColumn;
  readonly isReversed: boolean;
  readonly filter: TextField;
  /** The filter is being typed. */
  readonly isFiltering: boolean;
}

export const EMPTY_RUNS_LIST: RunsList = {
  runs: null,
  cursorId: null,
  markedIds: [],
  sort: 'age',
  isReversed: false,
  filter: { text: '', cursor: 0 },
  isFiltering: false,
};

/** How messages and questions name a run: runs of one name differ in their ids. */
export function runTitle({ name, id }: Pick<RunSummary, 'name' | 'id'>): string {
  return `${name} ${id}`;
}

/** Runs that hold every word of the filter in name, id, state or device, in the order of the sort column. */
export function visibleRuns({ runs, filter, sort, isReversed }: RunsList): readonly RunSummary[] {
  return filterAndSort(runs, filter.text, sort, isReversed);
}

const filterAndSort = rememberLast(
  (runs: RunsList['runs'], filter: string, sort: SortColumn, isReversed: boolean): readonly RunSummary[] => {
    const words = filter
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    const matching = (runs ?? []).filter((run) => {
      const text = [run.name, run.id, run.state, run.device ?? ''].join(' ').toLowerCase();
      return words.every((word) => text.includes(word));
    });
    return matching.sort((a, b) => compareRuns(a, b, sort, isReversed));
  },
);

/** Position of the cursor among the visible runs; 0 when its run is not among them. */
export function cursorIndex(list: RunsList, visible: readonly RunSummary[] = visibleRuns(list)): number {
  return Math.max(
    0,
    visible.findIndex(({ id }) => id === list.cursorId),
  );
}

/** The run under the cursor, or null when none is visible. */
export function selectedRun(list: RunsList): RunSummary | null {
  const visible = visibleRuns(list);
  return visible[cursorIndex(list, visible)] ?? null;
}

/** The runs `compare` would take: the marked ones, oldest mark first; with one marked also the one under the cursor. */
export function runsToCompare(list: RunsList): readonly string[] {
  const selected = selectedRun(list);
  if (list.markedIds.length !== 1 || selected === null || list.markedIds.includes(selected.id)) return list.markedIds;
  return [...list.markedIds, selected.id];
}

/** The list with the run marked, or unmarked when it was. */
export function toggleMark(list: RunsList, id: string): RunsList {
  const isMarked = list.markedIds.includes(id);
  const markedIds = isMarked ? list.markedIds.filter((marked) => marked !== id) : [...list.markedIds, id];
  return { ...list, markedIds };
}

/**
 * The list with newly read runs; marks of runs that are gone are dropped, and the cursor is pinned to its run. When that
 * one is gone, the cursor keeps its place: it goes to the run that followed, or to the one before when none did.
 */
export function withRuns(list: RunsList, runs: readonly RunSummary[]): RunsList {
  const known = new Set(runs.map(({ id }) => id));
  const next = { ...list, runs, markedIds: list.markedIds.filter((id) => known.has(id)) };
  const visible = visibleRuns(list);
  const place = cursorIndex(list, visible);
  const candidates = [...visible.slice(place), ...visible.slice(0, place).reverse()];
  const shown = new Set(visibleRuns(next).map(({ id }) => id));
  const cursorId = candidates.find(({ id }) => shown.has(id))?.id ?? visibleRuns(next)[0]?.id ?? null;
  return { ...next, cursorId };
}

/** The runs `delete` would take: the marked ones, or else the one under the cursor. */
export function runsToDelete(list: RunsList): readonly RunSummary[] {
  const selected = selectedRun(list);
  if (list.markedIds.length === 0) return selected === null ? [] : [selected];
  return (list.runs ?? []).filter(({ id }) => list.markedIds.includes(id));
}

/** The next sort column, in its natural order. */
export function nextSort(list: RunsList): RunsList {
  const index = (SORT_COLUMNS.indexOf(list.sort) + 1) % SORT_COLUMNS.length;
  return { ...list, sort: SORT_COLUMNS[index] ?? 'age', isReversed: false };
}

/** Share of the run's steps done, 0 to 1; 1 for a completed run, null while unknown. */
export function progressOf(run: Pick<RunSummary, 'state' | 'step' | 'totalSteps'>): number | null {
  if (run.state === 'completed') return 1;
  if (run.totalSteps === null || run.totalSteps === 0) return null;
  return Math.min(1, run.step / run.totalSteps);
}

/** Whether the run is going on, or about to. */
export function isActive(state: RunState): boolean {
  return state === 'running' || state === 'pending';
}

/** Whether the run waits for room on a full disk. */
export function isPaused({ state, phase }: Pick<RunSummary, 'state' | 'phase'>): boolean {
  return state === 'running' && phase === 'paused-for-disk-space';
}

/** Whether a run can be taken up again. */
export function isResumable(state: RunState): boolean {
  return state === 'interrupted' || state === 'stopped' || state === 'failed';
}

// Natural order: newest, best and furthest first, names from a to z. What is missing comes last either way round.
function compareRuns(a: RunSummary, b: RunSummary, column: SortColumn, isReversed: boolean): number {
  const direction = isReversed ? -1 : 1;
  const [keyA, keyB] = [sortKey(a, column), sortKey(b, column)];
  const order =
    keyA === null || keyB === null
      ? Number(keyA === null) - Number(keyB === null)
      : direction * (typeof keyA === 'string' ? keyA.localeCompare(String(keyB)) : Number(keyB) - keyA);
  return order || b.createdAt - a.createdAt || a.id.localeCompare(b.id);
}

const STATE_ORDER: readonly RunState[] = ['running', 'pending', 'failed', 'interrupted', 'stopped', 'completed'];

function sortKey(run: RunSummary, column: SortColumn): string | number | null {
  switch (column) {
    case 'age':
      return run.createdAt;
    case 'name':
      return run.name.toLowerCase();
    case 'state':
      return -STATE_ORDER.indexOf(run.state);
    case 'progress':
      return progressOf(run);
    case 'before':
      return run.bleuBefore;
    case 'after':
      return run.bleuAfter;
    case 'delta':
      return run.bleuDelta;
  }
  return column satisfies never;
}
