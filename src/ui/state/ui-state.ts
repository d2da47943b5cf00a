/** The whole state of the UI, as data: what is read from the services, and where the user is in it. */
import type { Context } from '../keys.ts';
import type { Preset, TestedSystem } from '../services.ts';
import type { PlotChoice } from './curves.ts';
import type { ExperimentForm } from './experiment-form.ts';
import type { RunDetail } from './run-detail.ts';
import { ALL_SENTENCES, type SentenceList } from './run-sentences.ts';
import { EMPTY_RUNS_LIST, type RunsList } from './runs-list.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Below this a message asks for a larger window. */
export const SMALLEST_SIZE: Size = { columns: 60, rows: 16 };

export type LiveTab = 'overview' | 'samples' | 'config' | 'events';
export const LIVE_TABS: readonly LiveTab[] = ['overview', 'samples', 'config', 'events'];

export type CompareTab = 'scores' | 'config' | 'sentences';
export const COMPARE_TABS: readonly CompareTab[] = ['scores', 'config', 'sentences'];

export interface LiveScreen {
  readonly type: 'live';
  readonly runId: string;
  readonly tab: LiveTab;
  /** Position in the list of the tab. */
  readonly position: number;
  /** The end of the events stays in view while new ones come. */
  readonly isFollowing: boolean;
  /** How the Samples tab lists them. */
  readonly sentences: SentenceList;
  /** Of the settings only those that differ from the defaults. */
  readonly showsChangedOnly: boolean;
}

export interface CompareScreen {
  readonly type: 'compare';
  readonly runIds: readonly string[];
  readonly tab: CompareTab;
  readonly position: number;
  /** Show settings that are equal, too. */
  readonly showsAll: boolean;
}

/** One sentence read whole; `position` counts the sentences of the screen below. */
export interface SentenceScreen {
  readonly type: 'sentence';
  readonly position: number;
  readonly scroll: number;
}

export type Screen =
  | { readonly type: 'runs' }
  | { readonly type: 'presets'; readonly position: number }
  | { readonly type: 'form'; readonly form: ExperimentForm }
  | LiveScreen
  | CompareScreen
  | SentenceScreen
  /** `about` is what the keyboard spoke to when help was asked for: its keys come first. */
  | { readonly type: 'help'; readonly about: Context; readonly scroll: number };

/** A line that goes away by itself. */
export interface Toast {
  readonly kind: 'info' | 'error';
  readonly text: string;
  readonly lastsMs: number;
  /** Milliseconds since 1970; null until the clock has been looked at since it appeared. */
  readonly until: number | null;
}

/** A run and how questions and messages name it. */
export interface NamedRun {
  readonly runId: string;
  readonly title: string;
}

/** What is asked before something is lost. */
export type Question =
  | { readonly about: 'stop'; readonly runId: string; readonly title: string }
  | { readonly about: 'delete'; readonly runs: readonly NamedRun[]; readonly areMarked: boolean }
  /** Writing a form's values to a file that exists. */
  | {
      readonly about: 'overwrite';
      readonly fileName: string;
      readonly path: string;
      readonly values: Readonly<Record<string, string>>;
    }
  /** Leaving the form whose values were changed. */
  | { readonly about: 'discard' };

/** A result, null where there is none to be had, `pending` until it is known. */
export type TestOutcome = readonly TestedSystem[] | null | 'pending';

export interface UiState {
  readonly size: Size;
  /** Milliseconds since 1970, coarse: it moves only when something shown may change by it. */
  readonly now: number;
  /** From the first screen to the one shown. */
  readonly screens: readonly Screen[];
  readonly list: RunsList;
  /** Runs read for the screens shown, by id; null for a run the store does not have. */
  readonly details: Readonly<Record<string, RunDetail | null>>;
  readonly plot: PlotChoice;
  /** Outcomes of tests of significance, by what was tested. */
  readonly tests: Readonly<Record<string, TestOutcome>>;
  readonly presets: readonly Preset[] | null;
  readonly toast: Toast | null;
  readonly confirm: Question | null;
  /** Runs whose new runner is just starting. */
  readonly resumingIds: readonly string[];
  /** The services cannot be read at the moment. */
  readonly readError: string | null;
}

/** The state before anything is read. */
export function initialState(size: Size, now: number, initialRunId?: string): UiState {
  return {
    size,
    now,
    screens: initialRunId === undefined ? [{ type: 'runs' }] : [{ type: 'runs' }, liveScreen(initialRunId)],
    list: EMPTY_RUNS_LIST,
    details: {},
    plot: { curve: 'loss', isSmoothed: false },
    tests: {},
    presets: null,
    toast: null,
    confirm: null,
    resumingIds: [],
    readError: null,
  };
}

export function liveScreen(runId: string): LiveScreen {
  return {
    type: 'live',
    runId,
    tab: 'overview',
    position: 0,
    isFollowing: true,
    sentences: ALL_SENTENCES,
    showsChangedOnly: false,
  };
}

/** The screen shown. */
export function topScreen(state: UiState): Screen {
  return state.screens.at(-1) ?? { type: 'runs' };
}

/** The screen below the one shown. */
export function screenBelow(state: UiState): Screen {
  return state.screens.at(-2) ?? { type: 'runs' };
}

/** What the keyboard speaks to. */
export function contextOf(state: UiState): Context {
  if (state.confirm !== null) return 'confirm';
  const screen = topScreen(state);
  if (screen.type === 'runs' && state.list.isFiltering) return 'filter';
  if (screen.type === 'live' && screen.tab === 'samples' && screen.sentences.isFiltering) return 'filter';
  if (screen.type === 'form') return formContext(screen.form);
  return screen.type;
}

function formContext({ fileName, isFiltering, editing }: ExperimentForm): Context {
  if (fileName !== null) return 'file-name';
  if (isFiltering) return 'filter';
  return editing === null ? 'form' : 'edit';
}

/** The state with the shown screen replaced. */
export function withTop(state: UiState, screen: Screen): UiState {
  return { ...state, screens: [...state.screens.slice(0, -1), screen] };
}

/** The state with a screen opened on top. */
export function pushScreen(state: UiState, screen: Screen): UiState {
  return { ...state, screens: [...state.screens, screen] };
}

/** The state one level back; the first screen stays. */
export function popScreen(state: UiState): UiState {
  return state.screens.length > 1 ? { ...state, screens: state.screens.slice(0, -1) } : state;
}
