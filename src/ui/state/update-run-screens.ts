/** Commands of the screens about runs: one run, a comparison, one sentence. */
import type { Command } from '../keys.ts';
import { nextCurve } from './curves.ts';
import { comparedSentenceRows, sentencesPerPage, tabRows } from './layout.ts';
import { isMove, movePosition } from './list-position.ts';
import { type Update, update, withInfo } from './messages.ts';
import { findRun } from './offered-commands.ts';
import { scrollBy, scrolledText } from './scrolled-text.ts';
import { compareRowCount, liveRowCount, plottedRuns } from './selectors.ts';
import { editText, insertText, type TextField } from './text-field.ts';
import {
  COMPARE_TABS,
  type CompareScreen,
  LIVE_TABS,
  type LiveScreen,
  popScreen,
  pushScreen,
  type SentenceScreen,
  screenBelow,
  type UiState,
  withTop,
} from './ui-state.ts';
import { askToDelete, askToStop, copyRun, resumeRun } from './update-runs.ts';

export function updateLive(state: UiState, screen: LiveScreen, command: Command): Update {
  const tab = tabAfter(LIVE_TABS, screen.tab, command);
  if (tab !== null) {
    return update(withTop(state, { ...screen, tab, position: 0, isFollowing: true }));
  }
  if (isMove(command)) return update(withTop(state, moveLive(state, screen, command)));
  switch (command) {
    case 'stop':
      return update(askToStop(state, screen.runId));
    case 'resume':
      return resumeRun(state, screen.runId);
    case 'delete': {
      const run = findRun(state, screen.runId);
      return update(askToDelete(state, run === null ? [] : [run], false));
    }
    case 'toggle-all': {
      const showsChangedOnly = !screen.showsChangedOnly;
      return update(withTop(state, { ...screen, tab: 'config', showsChangedOnly, position: 0 }));
    }
    case 'copy-run':
      return copyRun(state, screen.runId);
    case 'open':
      if (screen.tab !== 'samples') {
        return update(withInfo(state, 'enter reads a sentence in the Samples tab; tab goes there.'));
      }
      if (liveRowCount(state, screen) === 0) return update(state);
      return update(pushScreen(state, { type: 'sentence', position: screen.position, scroll: 0 }));
    case 'sort':
    case 'reverse':
    case 'filter':
      return update(screen.tab === 'samples' ? relist(state, screen, command) : state);
    case 'next-curve':
    case 'toggle-smoothing':
      return update(screen.tab === 'overview' ? replot(state, command) : state);
    case 'back':
      if (screen.tab === 'samples' && screen.sentences.filter.text !== '') {
        return update(withTop(state, withFilter(screen, { text: '', cursor: 0 }, false)));
      }
      return update(popScreen(state));
    default:
      return update(state);
  }
}

/** Commands while the filter of the Samples tab is typed. */
export function updateSentenceFilter(state: UiState, screen: LiveScreen, command: Command): Update {
  const { filter } = screen.sentences;
  switch (command) {
    case 'accept':
      return update(withTop(state, withFilter(screen, filter, false)));
    case 'cancel':
      return update(withTop(state, withFilter(screen, { text: '', cursor: 0 }, false)));
    default:
      return update(withTop(state, withFilter(screen, editText(filter, command), true)));
  }
}

/** Text typed or pasted into the filter of the Samples tab. */
export function typeSentenceFilter(state: UiState, screen: LiveScreen, text: string): UiState {
  return withTop(state, withFilter(screen, insertText(screen.sentences.filter, text), true));
}

export function updateCompare(state: UiState, screen: CompareScreen, command: Command): Update {
  const tab = tabAfter(COMPARE_TABS, screen.tab, command);
  if (tab !== null) return update(withTop(state, { ...screen, tab, position: 0 }));
  const count = compareRowCount(state, screen);
  if (isMove(command)) {
    const text = scrolledText(state);
    const page = comparedSentenceRows(tabRows(state.size), screen.runIds.length);
    const position = text === null ? movePosition(screen.position, command, count, page) : scrollBy(text, command);
    return update(withTop(state, { ...screen, position }));
  }
  switch (command) {
    case 'toggle-all':
      return update(withTop(state, { ...screen, tab: 'config', showsAll: !screen.showsAll, position: 0 }));
    case 'open':
      if (screen.tab !== 'sentences') {
        return update(withInfo(state, 'enter reads a sentence in the Sentences tab; tab goes there.'));
      }
      if (count === 0) return update(state);
      return update(pushScreen(state, { type: 'sentence', position: screen.position, scroll: 0 }));
    case 'next-curve':
    case 'toggle-smoothing':
      return update(screen.tab === 'scores' ? replot(state, command) : state);
    case 'back':
      return update(popScreen(state));
    default:
      return update(state);
  }
}

export function updateSentence(state: UiState, screen: SentenceScreen, command: Command): Update {
  switch (command) {
    case 'next-sentence':
    case 'previous-sentence':
      return update(toSentence(state, screen.position + (command === 'next-sentence' ? 1 : -1)));
    case 'back':
      return update(popScreen(state));
    default: {
      const text = scrolledText(state);
      if (text === null || !isMove(command)) return update(state);
      return update(withTop(state, { ...screen, scroll: scrollBy(text, command) }));
    }
  }
}

function withFilter(screen: LiveScreen, filter: TextField, isFiltering: boolean): LiveScreen {
  const position = filter.text === screen.sentences.filter.text ? screen.position : 0;
  return { ...screen, position, sentences: { ...screen.sentences, filter, isFiltering } };
}

function relist(state: UiState, screen: LiveScreen, command: 'sort' | 'reverse' | 'filter'): UiState {
  const { sentences } = screen;
  if (command === 'filter') return withTop(state, withFilter(screen, sentences.filter, true));
  const { isByDifference, isReversed } = sentences;
  const order =
    command === 'sort' ? { isByDifference: !isByDifference, isReversed: false } : { isReversed: !isReversed };
  return withTop(state, { ...screen, position: 0, sentences: { ...sentences, ...order } });
}

function replot(state: UiState, command: 'next-curve' | 'toggle-smoothing'): UiState {
  const { plot } = state;
  if (command === 'toggle-smoothing') return { ...state, plot: { ...plot, isSmoothed: !plot.isSmoothed } };
  return { ...state, plot: { ...plot, curve: nextCurve(plot, plottedRuns(state)) } };
}

// The cursor of the list below goes along, so that esc comes back to the sentence just read.
function toSentence(state: UiState, position: number): UiState {
  const below = screenBelow(state);
  if (below.type !== 'live' && below.type !== 'compare') return state;
  const count = below.type === 'live' ? liveRowCount(state, below) : compareRowCount(state, below);
  if (position < 0 || position >= count) {
    return withInfo(state, position < 0 ? 'This is the first sentence.' : 'This is the last sentence.');
  }
  const screens = [
    ...state.screens.slice(0, -2),
    { ...below, position },
    { type: 'sentence', position, scroll: 0 } as const,
  ];
  return { ...state, screens };
}

function moveLive(state: UiState, screen: LiveScreen, command: Command): LiveScreen {
  const text = scrolledText(state);
  if (text !== null) {
    const position = scrollBy(text, command);
    return { ...screen, position, isFollowing: position === text.above + text.below };
  }
  const count = liveRowCount(state, screen);
  return { ...screen, position: movePosition(screen.position, command, count, sentencesPerPage(state.size)) };
}

function tabAfter<T>(tabs: readonly T[], tab: T, command: Command): T | null {
  const index = tabs.indexOf(tab);
  switch (command) {
    case 'next-tab':
      return tabs[(index + 1) % tabs.length] ?? null;
    case 'previous-tab':
      return tabs[(index - 1 + tabs.length) % tabs.length] ?? null;
    case 'tab-1':
    case 'tab-2':
    case 'tab-3':
    case 'tab-4':
      return tabs[Number(command.slice(-1)) - 1] ?? null;
    default:
      return null;
  }
}
