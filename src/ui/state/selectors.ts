/** What screens show and reducers count, computed from the state; the costly parts are remembered by identity. */
import type { EventRow } from '../../store/rows.ts';
import { type Binding, bindingsOf, type Context } from '../keys.ts';
import { visibleText, wrapText } from '../text/fit-text.ts';
import { compareSettings, runSettings, type SettingRow } from './config-difference.ts';
import { rememberLast } from './remember-last.ts';
import type { RunDetail } from './run-detail.ts';
import { sentencesOf } from './run-sentences.ts';
import { compareSentences, type SentenceComparison, type SentenceDifference } from './sentence-difference.ts';
import { type CompareScreen, type LiveScreen, topScreen, type UiState } from './ui-state.ts';

/** A line of the Events tab; time and type only on the first line of an event. */
export interface EventLine {
  readonly time: number | null;
  readonly type: string;
  readonly text: string;
}

/** Cells before the words of an event: margin, time and type. */
export const EVENT_MARGIN = 31;

/**
 * The events of a run with their words broken into lines that fit a window of so many columns. The folder of the
 * checkpoints is told once, before them.
 */
export const eventRows = rememberLast((events: readonly EventRow[], columns: number): readonly EventLine[] => {
  const folder = events.map(({ text }) => checkpointFolder(text)).find((found) => found !== undefined);
  const heading = folder === undefined ? [] : wrapText(visibleText(`Checkpoints are in ${folder}`), columns - 3);
  const rows = events.flatMap(({ time, type, text }) => {
    const short = folder === undefined ? text : text.replaceAll(`${folder}/checkpoint-`, 'checkpoint-');
    return wrapText(visibleText(short), columns - EVENT_MARGIN - 1).map((line, index) => ({
      time: index === 0 ? time : null,
      type,
      text: line,
    }));
  });
  return [...heading.map((text): EventLine => ({ time: null, type: 'heading', text })), ...rows];
});

/** The folder of a checkpoint that a text tells of; undefined where it tells of none. */
function checkpointFolder(text: string): string | undefined {
  for (const line of text.split('\n')) {
    const start = line.indexOf('/');
    const end = [...line.matchAll(/\/checkpoint-\d/g)].at(-1)?.index ?? -1;
    if (start !== -1 && end > start) return line.slice(start, end);
  }
  return undefined;
}

/** The runs of a comparison that could be read. */
export function comparedRuns(state: UiState, screen: CompareScreen): readonly RunDetail[] {
  return screen.runIds.flatMap((id) => state.details[id] ?? []);
}

/** The runs whose curves the shown tab plots; none on a tab without a plot. */
export function plottedRuns(state: UiState): readonly RunDetail[] {
  const screen = topScreen(state);
  if (screen.type === 'compare' && screen.tab === 'scores') return comparedRuns(state, screen);
  return screen.type === 'live' && screen.tab === 'overview' ? [state.details[screen.runId] ?? []].flat() : [];
}

const comparisonOf = rememberLast(
  (...details: RunDetail[]): SentenceComparison => compareSentences(details.map(({ translations }) => translations)),
);

/** Sentences on which the compared runs differ, the most different first. */
export function comparedSentences(state: UiState, screen: CompareScreen): readonly SentenceDifference[] {
  return comparisonOf(...comparedRuns(state, screen)).differing;
}

/** How many sentences all compared runs have in common. */
export function sharedSentenceCount(state: UiState, screen: CompareScreen): number {
  return comparisonOf(...comparedRuns(state, screen)).shared;
}

/** Settings of the compared runs: those that differ, or all. */
export function comparedSettings(state: UiState, screen: CompareScreen): readonly SettingRow[] {
  const rows = compareSettings(comparedRuns(state, screen).map(({ parameters }) => parameters));
  return screen.showsAll ? rows : rows.filter(({ isDifferent }) => isDifferent);
}

/** How many rows the list of the shown tab has. */
export function liveRowCount(state: UiState, screen: LiveScreen): number {
  const detail = state.details[screen.runId];
  if (detail === null || detail === undefined) return 0;
  switch (screen.tab) {
    case 'overview':
      return 0;
    case 'samples':
      return sentencesOf(detail, screen.sentences).length;
    case 'config':
      return runSettings(detail.parameters, screen.showsChangedOnly).length;
    case 'events':
      return eventRows(detail.events, state.size.columns).length;
  }
  return screen.tab satisfies never;
}

export function compareRowCount(state: UiState, screen: CompareScreen): number {
  switch (screen.tab) {
    case 'scores':
      return 0;
    case 'config':
      return comparedSettings(state, screen).length;
    case 'sentences':
      return comparedSentences(state, screen).length;
  }
  return screen.tab satisfies never;
}

/** Free cells beside the help, left and right. */
const HELP_MARGIN = 3;

const HELP_SECTIONS: readonly (readonly [Context, string])[] = [
  ['runs', 'Runs'],
  ['filter', 'Filter'],
  ['presets', 'New run: choosing a preset'],
  ['form', 'New run: the form'],
  ['edit', 'Editing a field'],
  ['file-name', 'Naming a file'],
  ['live', 'A run'],
  ['compare', 'Comparing'],
  ['sentence', 'One sentence'],
  ['confirm', 'A question'],
];

export type HelpRow =
  | { readonly type: 'section'; readonly title: string }
  | { readonly type: 'key'; readonly keys: readonly string[]; readonly description: string }
  | { readonly type: 'text'; readonly text: string };

/** Cells of the column of keys, wide enough for all of them by their long names (`left` for an arrow). */
export const HELP_KEYS_WIDTH =
  2 + Math.max(...HELP_SECTIONS.flatMap(([context]) => bindingsOf(context).map(({ keys }) => keys.join('  ').length)));

/**
 * The help, row by row, from the key table: first the keys asked about, last those that are the same in all lists.
 * What does not fit into so many columns goes on in rows without keys.
 */
export const helpRows = rememberLast((about: Context, columns: number): readonly HelpRow[] => {
  const common = new Set(bindingsOf('help'));
  const rowsOf = (binding: Binding) => keyRows(binding, columns - HELP_MARGIN - HELP_KEYS_WIDTH);
  const asked = HELP_SECTIONS.filter(([context]) => context === about);
  const others = HELP_SECTIONS.filter(([context]) => context !== about);
  const sections = [...asked, ...others].flatMap(([context, title]): HelpRow[] => [
    { type: 'section', title },
    ...bindingsOf(context)
      .filter((binding) => !common.has(binding))
      .flatMap(rowsOf),
    { type: 'text', text: '' },
  ]);
  const opening = 'Closing bleubird stops no run: they go on, and opening it shows them.';
  return [
    ...wrapText(opening, columns - HELP_MARGIN).map((text): HelpRow => ({ type: 'text', text })),
    { type: 'text', text: '' },
    ...sections,
    { type: 'section', title: 'Everywhere' },
    ...[...common].flatMap(rowsOf),
  ];
});

function keyRows({ keys, description }: Binding, width: number): HelpRow[] {
  return wrapText(description, width).map((line, row) => ({
    type: 'key',
    keys: row === 0 ? keys : [],
    description: line,
  }));
}
