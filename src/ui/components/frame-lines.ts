/** The lines around every screen: title above, message and keys below. */

import { footerBindings } from '../keys.ts';
import { bodyRows } from '../state/layout.ts';
import { isOffered } from '../state/offered-commands.ts';
import { isActive, visibleRuns } from '../state/runs-list.ts';
import { helpRows } from '../state/selectors.ts';
import { contextOf, topScreen, type UiState } from '../state/ui-state.ts';
import { SORT_WORDS } from '../state/update-runs.ts';
import { editSpans } from '../text/edit-spans.ts';
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

/** A question, the filter being typed, a failure or a message; empty when there is nothing to say. */
export function messageLine(state: UiState, theme: Theme): RichLine {
  const { confirm, list, toast, readError } = state;
  if (confirm !== null) {
    return [
      span(` ${questions[confirm.about](confirm.name)} `, { tone: 'warning', bold: true }),
      span('y', { bold: true, inverse: true }),
      span(' yes  '),
      span('n', { bold: true, inverse: true }),
      span(' no'),
    ];
  }
  if (contextOf(state) === 'filter') {
    const typed = editSpans(list.filter, Math.max(10, state.size.columns - 30), theme);
    const found = span(`  ${visibleRuns(list).length} of ${list.runs?.length ?? 0}`, { tone: 'muted' });
    return [span(' filter: ', { tone: 'accent', bold: true }), ...typed, found];
  }
  if (toast !== null) {
    const isError = toast.kind === 'error';
    const prefix = isError ? `${theme.symbols.failed} ` : '';
    return [span(` ${prefix}${toast.text}`, isError ? { tone: 'bad', bold: true } : { tone: 'accent' })];
  }
  if (readError !== null) return [span(` ${theme.symbols.failed} ${readError}`, { tone: 'bad', bold: true })];
  if (topScreen(state).type === 'runs' && list.filter.text !== '') {
    return [
      span(' filter: ', { tone: 'accent' }),
      span(list.filter.text, { bold: true }),
      span(`  ${visibleRuns(list).length} of ${list.runs?.length ?? 0} runs; esc shows all`, { tone: 'muted' }),
    ];
  }
  return [];
}

const questions = {
  stop: (name: string) => `Stop ${name}? It ends after its step and saves a checkpoint.`,
  delete: (name: string) => `Delete ${name} with its checkpoints, for good?`,
} as const;

/** The most useful keys that do something now, as many as fit; help and quit always do. */
export function footerLine(state: UiState, theme: Theme): RichLine {
  const width = state.size.columns - 1;
  const bindings = footerBindings(contextOf(state)).filter(({ command }) => isOffered(state, command));
  const items = bindings.map(({ command, keys, label }): { command: string; line: RichLine } => ({
    command,
    line: [span(keyText(keys[0] ?? '', theme), { bold: true }), span(` ${label}`, { tone: 'muted' })],
  }));
  const isKept = ({ command }: { command: string }) => command === 'help' || command === 'quit';
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
  if (screen.type === 'help') return scrollMark(screen.scroll, helpRows(screen.about).length, state, theme);
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
function scrollMark(scroll: number, count: number, { size }: UiState, { symbols }: Theme): string {
  const below = Math.max(0, count - scroll - bodyRows(size));
  const marks = [scroll === 0 ? '' : `${symbols.up} ${scroll}`, below === 0 ? '' : `${symbols.down} ${below} more`];
  return marks.filter((mark) => mark !== '').join('  ');
}

// Names and states go upwards in their natural order, all else downwards.
function isDescending({ list }: UiState): boolean {
  return (list.sort === 'name' || list.sort === 'state') === list.isReversed;
}
