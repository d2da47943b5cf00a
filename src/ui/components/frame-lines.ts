/** The lines around every screen: title above, message and keys below. */

import { footerBindings } from '../keys.ts';
import { type ExperimentForm, fieldsInUse, isNarrowed, listedFields } from '../state/experiment-form.ts';
import { findRun, isOffered, likelyCommand } from '../state/offered-commands.ts';
import { sentencesOf } from '../state/run-sentences.ts';
import { isActive, runTitle, visibleRuns } from '../state/runs-list.ts';
import { type ScrolledText, scrolledText } from '../state/scrolled-text.ts';
import type { TextField } from '../state/text-field.ts';
import { contextOf, type NamedRun, type Question, topScreen, type UiState } from '../state/ui-state.ts';
import { SORT_WORDS } from '../state/update-runs.ts';
import { editSpans } from '../text/edit-spans.ts';
import { beginningFor, cutText, visibleText, wrapText } from '../text/fit-text.ts';
import { justify, lineWidth, type RichLine, type Span, span } from '../text/rich-line.ts';
import type { Theme } from '../theme.ts';

/** Where the user is, and at the right what there is to know at a glance. */
export function titleLine(state: UiState, theme: Theme): RichLine {
  const left: RichLine = [
    span(' bleubird ', { tone: 'accent', inverse: true, bold: true }),
    ...screenNames(state).flatMap((name, index, all): Span[] => [
      span(index === 0 ? '  ' : ` ${theme.isUnicode ? '›' : '>'} `, { tone: 'muted' }),
      span(name, index === all.length - 1 ? { bold: true } : { tone: 'muted' }),
    ]),
  ];
  return justify(
    left,
    [span(`${glance(state, theme)} `, { tone: 'muted' })],
    state.size.columns,
    theme.symbols.ellipsis,
  );
}

/** The most lines a message gets: the screen above it gives them up. */
const MESSAGE_LINES = 4;

/** A question, the filter being typed, a failure or a message, on as many lines as it needs; one when there is none. */
export function messageLines(state: UiState, theme: Theme): RichLine[] {
  const { confirm, toast, readError, size } = state;
  if (confirm !== null) return questionLines(questionText(confirm), size.columns, theme);
  if (['filter', 'file-name'].includes(contextOf(state))) return [filterLine(state, theme)];
  if (toast?.kind === 'error') return failureLines(toast.text, size.columns, theme);
  if (toast !== null) {
    return brokenText(toast.text, size.columns - 2, theme).map((line) => [span(` ${line}`, { tone: 'accent' })]);
  }
  if (readError !== null) return failureLines(readError, size.columns, theme);
  const resuming = state.resumingIds.flatMap((id) => findRun(state, id) ?? []);
  if (resuming.length > 0) {
    const text = `Resuming ${resuming.map(runTitle).join(', ')} from the newest checkpoint${theme.symbols.ellipsis}`;
    return brokenText(text, size.columns - 2, theme).map((line) => [span(` ${line}`, { tone: 'accent' })]);
  }
  return [filterLine(state, theme)];
}

const ANSWERS: RichLine = [
  span('y', { bold: true, inverse: true }),
  span(' yes  '),
  span('n', { bold: true, inverse: true }),
  span(' no'),
];

// Unless the answers follow the last words, they have a line of their own.
function questionLines(question: string, columns: number, theme: Theme): RichLine[] {
  const lines = brokenText(question, columns - 2, theme, MESSAGE_LINES - 1).map(
    (line): RichLine => [span(` ${line} `, { tone: 'warning', bold: true })],
  );
  const last = [...(lines.at(-1) ?? []), ...ANSWERS];
  return lineWidth(last) <= columns ? [...lines.slice(0, -1), last] : [...lines, [span(' '), ...ANSWERS]];
}

function failureLines(text: string, columns: number, theme: Theme): RichLine[] {
  return brokenText(text, columns - 4, theme).map((line, index) => [
    span(` ${index === 0 ? theme.symbols.failed : ' '} ${line}`, { tone: 'bad', bold: true }),
  ]);
}

// The text in lines of at most `width` cells; what goes beyond the last of them is cut, and the cut marked.
function brokenText(text: string, width: number, { symbols }: Theme, most = MESSAGE_LINES): string[] {
  const lines = wrapText(visibleText(beginningFor(text, most, width)), width);
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), cutText(lines[most - 1] ?? '', width, symbols.ellipsis)];
}

// A filter or a file's name while it is typed, and a filter while it narrows the list.
function filterLine(state: UiState, theme: Theme): RichLine {
  const screen = topScreen(state);
  const { columns } = state.size;
  if (screen.type === 'form') return formLine(screen.form, columns, theme);
  const filtered = filteredList(state);
  if (filtered === null) return [];
  const { filter, found, all, things } = filtered;
  if (contextOf(state) === 'filter') return typedLine('filter', filter, `${found} of ${all}`, columns, theme);
  return filter.text === '' ? [] : narrowedLine(filter.text, `${found} of ${all} ${things}; esc shows all`);
}

interface FilteredList {
  readonly filter: TextField;
  readonly found: number;
  readonly all: number;
  readonly things: string;
}

function filteredList(state: UiState): FilteredList | null {
  const { list, details } = state;
  const screen = topScreen(state);
  if (screen.type === 'runs') {
    return { filter: list.filter, found: visibleRuns(list).length, all: list.runs?.length ?? 0, things: 'runs' };
  }
  const detail = screen.type === 'live' && screen.tab === 'samples' ? details[screen.runId] : null;
  if (!detail || screen.type !== 'live') return null;
  const { filter } = screen.sentences;
  const found = sentencesOf(detail, screen.sentences).length;
  return { filter, found, all: sentencesOf(detail).length, things: 'sentences' };
}

function formLine(form: ExperimentForm, columns: number, theme: Theme): RichLine {
  if (form.fileName !== null) return typedLine('write to', form.fileName, '.yaml', columns, theme);
  const count = `${listedFields(form).length} of ${fieldsInUse(form).length}`;
  if (form.isFiltering) return typedLine('filter', form.filter, count, columns, theme);
  if (!isNarrowed(form)) return [];
  const words = [form.filter.text, form.showsChangedOnly ? 'changed only' : ''].filter((text) => text !== '');
  return narrowedLine(words.join(', '), `${count} fields; esc shows all`);
}

function typedLine(title: string, field: TextField, note: string, columns: number, theme: Theme): RichLine {
  const typed = editSpans(field, Math.max(10, columns - 30), theme);
  return [span(` ${title}: `, { tone: 'accent', bold: true }), ...typed, span(`  ${note}`, { tone: 'muted' })];
}

function narrowedLine(words: string, note: string): RichLine {
  return [span(' filter: ', { tone: 'accent' }), span(words, { bold: true }), span(`  ${note}`, { tone: 'muted' })];
}

function questionText(question: Question): string {
  switch (question.about) {
    case 'stop':
      return `Stop ${question.title}? It ends after its step and saves a checkpoint.`;
    case 'delete':
      return deleteQuestion(question.runs, question.areMarked);
    case 'overwrite':
      return `${question.path} exists. Overwrite it?`;
    case 'discard':
      return 'Discard the changes?';
  }
  return question satisfies never;
}

/** Marked runs may be out of sight, so that some of them are named. */
const NAMED_RUNS = 3;

function deleteQuestion(runs: readonly NamedRun[], areMarked: boolean): string {
  const named = runs.slice(0, NAMED_RUNS).map(({ title }) => title);
  if (!areMarked) return `Delete ${named.join(', ')} with its checkpoints, for good?`;
  const rest = runs.length > NAMED_RUNS ? ` and ${runs.length - NAMED_RUNS} more` : '';
  const what = runs.length === 1 ? 'the marked run with its' : `${runs.length} marked runs with their`;
  return `Delete ${what} checkpoints, for good? ${named.join(', ')}${rest}`;
}

/** The most useful keys that do something now, as many as fit; the way back, help and quit always do. */
export function footerLine(state: UiState, theme: Theme): RichLine {
  const width = state.size.columns - 1;
  const offered = footerBindings(contextOf(state)).filter(({ command }) => isOffered(state, command));
  const likely = likelyCommand(state);
  const bindings = [
    ...offered.filter(({ command }) => command === likely),
    ...offered.filter(({ command }) => command !== likely),
  ];
  const items = bindings.map(({ command, keys, label }): { command: string; line: RichLine } => ({
    command,
    line: [span(keyText(keys[0] ?? '', theme), { bold: true }), span(` ${label}`, { tone: 'muted' })],
  }));
  const isKept = ({ command }: { command: string }) => ['back', 'help', 'quit'].includes(command);
  const shown: { command: string; line: RichLine }[] = items.filter(isKept);
  const widthOfAll = () => shown.reduce((sum, { line }) => sum + lineWidth(line) + 3, -3);
  let place = 0;
  for (const item of items) {
    if (isKept(item)) continue;
    shown.splice(place, 0, item);
    if (widthOfAll() <= width) place += 1;
    else shown.splice(place, 1);
  }
  return shown.flatMap(({ line }, index): RichLine => [span(index === 0 ? ' ' : '   '), ...line]);
}

const ARROWS: Readonly<Record<string, string>> = { up: '↑', down: '↓', left: '←', right: '→' };

/** A key as people know it. */
export function keyText(name: string, theme: Theme): string {
  return (theme.isUnicode ? ARROWS[name] : undefined) ?? name;
}

function screenNames(state: UiState): string[] {
  return state.screens.map((screen) => {
    switch (screen.type) {
      case 'runs':
        return 'Runs';
      case 'presets':
        return 'New run';
      case 'form':
        return screen.form.presetName;
      case 'live': {
        const name = state.details[screen.runId]?.record.name;
        return name === undefined ? screen.runId : `${name} ${screen.runId}`; // the commands want the id
      }
      case 'compare':
        return `Compare ${screen.runIds.length} runs`;
      case 'sentence':
        return 'Sentence';
      case 'help':
        return 'Help';
    }
    return screen satisfies never;
  });
}

function glance(state: UiState, theme: Theme): string {
  const { list } = state;
  const screen = topScreen(state);
  const text = scrolledText(state);
  if (text !== null && text.above + text.below > 0) return scrollMark(text, theme);
  if (screen.type === 'help') return '';
  if (list.runs === null) return '';
  const active = list.runs.filter(({ state: runState }) => isActive(runState)).length;
  const parts = [`${list.runs.length} ${list.runs.length === 1 ? 'run' : 'runs'}`];
  if (active > 0) parts.push(`${active} going on`);
  if (screen.type === 'runs') {
    if (list.markedIds.length > 0) parts.push(`${list.markedIds.length} marked`);
    parts.push(`by ${SORT_WORDS[list.sort]} ${isDescending(state) ? theme.symbols.down : theme.symbols.up}`);
  }
  return parts.join(` ${theme.symbols.dot} `);
}

// How many rows are out of sight above and below.
function scrollMark({ above, below }: ScrolledText, { symbols }: Theme): string {
  const marks = [above === 0 ? '' : `${symbols.up} ${above}`, below === 0 ? '' : `${symbols.down} ${below} more`];
  return marks.filter((mark) => mark !== '').join('  ');
}

// Names and states go upwards in their natural order, all else downwards.
function isDescending({ list }: UiState): boolean {
  return (list.sort === 'name' || list.sort === 'state') === list.isReversed;
}
