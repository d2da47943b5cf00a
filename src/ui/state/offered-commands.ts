/** Which commands do something at the moment: a footer offers only those. */
import type { RunSummary } from '../../store/rows.ts';
import type { Command } from '../keys.ts';
import { availableCurves, CURVES, shownCurve } from './curves.ts';
import { focusedField, formProblems, isChanged } from './experiment-form.ts';
import { isActive, isResumable, runsToDelete, selectedRun } from './runs-list.ts';
import { compareRowCount, liveRowCount, plottedRuns } from './selectors.ts';
import { type Screen, topScreen, type UiState } from './ui-state.ts';

/** Whether the command does more than say why it cannot. */
export function isOffered(state: UiState, command: Command): boolean {
  const run = shownRun(state);
  switch (command) {
    case 'stop':
      return run !== null && isActive(run.state) && run.stopRequestedAt === null;
    case 'resume':
      return run !== null && isResumable(run.state);
    case 'delete':
      return canDelete(state, run);
    case 'copy-run':
    case 'mark':
      return run !== null;
    case 'open':
      return canOpen(state, run);
    case 'filter':
    case 'sort':
    case 'reverse':
      return canList(topScreen(state));
    case 'next-curve':
      return availableCurves(plottedRuns(state)).length > 1;
    case 'toggle-smoothing':
      return canSmooth(state);
    case 'toggle-all':
      return hasSettings(topScreen(state));
    case 'reset':
      return canReset(topScreen(state));
    case 'next-problem':
      return hasProblems(topScreen(state));
    default:
      return true;
  }
}

/** The command that is most likely wanted next, null when that is the first of the footer. */
export function likelyCommand(state: UiState): Command | null {
  return topScreen(state).type === 'runs' && state.list.markedIds.length > 0 ? 'compare' : null;
}

function canList(screen: Screen): boolean {
  return screen.type === 'runs' || screen.type === 'form' || (screen.type === 'live' && screen.tab === 'samples');
}

function canSmooth(state: UiState): boolean {
  const details = plottedRuns(state);
  const name = shownCurve(state.plot, details);
  return CURVES[name].isNoisy && availableCurves(details).includes(name);
}

function canDelete(state: UiState, run: RunSummary | null): boolean {
  const runs = topScreen(state).type === 'runs' ? runsToDelete(state.list) : [run];
  return runs.length > 0 && runs.every((one) => one !== null && !isActive(one.state));
}

function hasSettings(screen: Screen): boolean {
  return screen.type === 'compare' || (screen.type === 'live' && screen.tab === 'config');
}

function canReset(screen: Screen): boolean {
  if (screen.type !== 'form') return false;
  const field = focusedField(screen.form);
  return field !== null && isChanged(screen.form, field.path);
}

function hasProblems(screen: Screen): boolean {
  return screen.type === 'form' && formProblems(screen.form).length > 0;
}

function canOpen(state: UiState, run: RunSummary | null): boolean {
  const screen = topScreen(state);
  if (screen.type === 'live') return screen.tab === 'samples' && liveRowCount(state, screen) > 0;
  if (screen.type === 'compare') return screen.tab === 'sentences' && compareRowCount(state, screen) > 0;
  return run !== null;
}

/** The run that a command about one run is about. */
function shownRun(state: UiState): RunSummary | null {
  const screen = topScreen(state);
  if (screen.type === 'runs') return selectedRun(state.list);
  return screen.type === 'live' ? findRun(state, screen.runId) : null;
}

/** A run by its id, null when neither list nor details have it: each may know of one that the other has not read yet. */
export function findRun(state: UiState, runId: string | null): RunSummary | null {
  return state.list.runs?.find(({ id }) => id === runId) ?? state.details[runId ?? '']?.record ?? null;
}
