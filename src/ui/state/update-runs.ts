/** Commands of the list of runs, and of its filter. */
import type { RunSummary } from '../../store/rows.ts';
import type { Command } from '../keys.ts';
import { runsListRows } from './layout.ts';
import { isMove, movePosition } from './list-position.ts';
import { type Update, update, withInfo } from './messages.ts';
import { findRun } from './offered-commands.ts';
import {
  cursorIndex,
  isActive,
  isResumable,
  nextSort,
  type RunsList,
  runsToCompare,
  runsToDelete,
  runTitle,
  type SORT_COLUMNS,
  selectedRun,
  toggleMark,
  visibleRuns,
} from './runs-list.ts';
import { editText, insertText } from './text-field.ts';
import { liveScreen, pushScreen, type UiState } from './ui-state.ts';

/** Words of the sort columns, for the message line. */
export const SORT_WORDS: Readonly<Record<(typeof SORT_COLUMNS)[number], string>> = {
  age: 'age',
  name: 'name',
  state: 'state',
  progress: 'progress',
  before: 'BLEU before',
  after: 'BLEU after',
  delta: 'BLEU difference',
};

export function updateRuns(state: UiState, command: Command): Update {
  const { list } = state;
  const selected = selectedRun(list);
  if (isMove(command)) return update({ ...state, list: moveCursor(list, command, runsListRows(state.size)) });
  switch (command) {
    case 'open':
      return update(
        selected === null ? withInfo(state, 'No run to open. n sets up a new one.') : openRun(state, selected.id),
      );
    case 'new-run':
      return update(pushScreen(state, { type: 'presets', position: 0 }), { type: 'read-presets' });
    case 'copy-run':
      return copyRun(state, selected?.id ?? null);
    case 'mark': {
      if (selected === null) return update(withInfo(state, 'No run to mark.'));
      const marked = toggleMark({ ...list, cursorId: selected.id }, selected.id);
      return update({ ...state, list: moveCursor(marked, 'down', runsListRows(state.size)) });
    }
    case 'unmark-all':
      return update({ ...state, list: { ...list, markedIds: [] } });
    case 'compare':
      return update(openComparison(state));
    case 'filter':
      return update({ ...state, list: { ...list, isFiltering: true } });
    case 'sort': {
      const sorted = nextSort(list);
      return update(withInfo({ ...state, list: sorted }, `Sorted by ${SORT_WORDS[sorted.sort]}.`));
    }
    case 'reverse':
      return update({ ...state, list: { ...list, isReversed: !list.isReversed } });
    case 'stop':
      return update(askToStop(state, selected?.id ?? null));
    case 'resume':
      return resumeRun(state, selected?.id ?? null);
    case 'delete':
      return update(askToDelete(state, runsToDelete(list), list.markedIds.length > 0));
    case 'back':
      return update(leaveRuns(state));
    default:
      return update(state);
  }
}

/** Commands while the filter is typed. */
export function updateFilter(state: UiState, command: Command): Update {
  const { list } = state;
  switch (command) {
    case 'accept':
      return update({ ...state, list: { ...list, isFiltering: false } });
    case 'cancel':
      return update({ ...state, list: { ...list, isFiltering: false, filter: { text: '', cursor: 0 } } });
    default:
      return update({ ...state, list: { ...list, filter: editText(list.filter, command) } });
  }
}

/** Text typed or pasted into the filter. */
export function typeFilter(state: UiState, text: string): UiState {
  return { ...state, list: { ...state.list, filter: insertText(state.list.filter, text) } };
}

/** The question whether to stop a run, or why it cannot be asked. */
export function askToStop(state: UiState, runId: string | null): UiState {
  const run = findRun(state, runId);
  if (run === null) return withInfo(state, 'No run to stop.');
  if (!isActive(run.state)) return withInfo(state, `${runTitle(run)} is not going on: it is ${run.state}.`);
  if (run.stopRequestedAt !== null) return withInfo(state, `${runTitle(run)} was asked to stop already.`);
  return { ...state, confirm: { about: 'stop', runId: run.id, title: runTitle(run) } };
}

/** The question whether to delete the runs, or why it cannot be asked. */
export function askToDelete(state: UiState, runs: readonly RunSummary[], areMarked: boolean): UiState {
  if (runs.length === 0) return withInfo(state, 'No run to delete.');
  const active = runs.find((run) => isActive(run.state));
  if (active !== undefined) {
    return withInfo(
      state,
      `${runTitle(active)} is going on: x stops it first${areMarked ? ', u takes all marks away' : ''}.`,
    );
  }
  const named = runs.map((run) => ({ runId: run.id, title: runTitle(run) }));
  return { ...state, confirm: { about: 'delete', runs: named, areMarked } };
}

/** Goes on with a run, or says why that cannot be. */
export function resumeRun(state: UiState, runId: string | null): Update {
  const run = findRun(state, runId);
  if (run === null) return update(withInfo(state, 'No run to resume.'));
  if (!isResumable(run.state)) {
    return update(withInfo(state, `${runTitle(run)} is ${run.state}: there is nothing to resume.`));
  }
  const resuming = withInfo(state, `Resuming ${runTitle(run)} from its newest checkpoint…`);
  if (state.resumingIds.includes(run.id)) return update(resuming);
  const resumingIds = [...state.resumingIds, run.id];
  return update({ ...resuming, resumingIds }, { type: 'resume-run', runId: run.id, title: runTitle(run) });
}

/** A new run with the settings of this one. */
export function copyRun(state: UiState, runId: string | null): Update {
  const run = findRun(state, runId);
  if (run === null) return update(withInfo(state, 'No run to copy.'));
  return update(state, { type: 'read-settings', runId: run.id, title: runTitle(run) });
}

function openRun(state: UiState, id: string): UiState {
  return pushScreen({ ...state, list: { ...state.list, cursorId: id } }, liveScreen(id));
}

function openComparison(state: UiState): UiState {
  const runIds = runsToCompare(state.list);
  if (runIds.length < 2) {
    return withInfo(state, 'Mark two or more runs with space, then compare them with c.');
  }
  return pushScreen(state, { type: 'compare', runIds, tab: 'scores', position: 0, showsAll: false });
}

// Esc has no screen below to go to: it undoes what narrows the list, one thing at a time.
function leaveRuns(state: UiState): UiState {
  const { list } = state;
  if (list.filter.text !== '') return { ...state, list: { ...list, filter: { text: '', cursor: 0 } } };
  if (list.markedIds.length > 0) return { ...state, list: { ...list, markedIds: [] } };
  return withInfo(state, 'This is the first screen. q closes bleubird; runs go on.');
}

function moveCursor(list: RunsList, command: Command, page: number): RunsList {
  const visible = visibleRuns(list);
  const index = movePosition(cursorIndex(list, visible), command, visible.length, page);
  return { ...list, cursorId: visible[index]?.id ?? list.cursorId };
}
