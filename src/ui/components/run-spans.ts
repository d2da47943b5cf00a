/** Pieces that say how a run stands, the same on every screen. */
import type { RunState, RunSummary } from '../../store/rows.ts';
import { progressBar } from '../plot/progress-bar.ts';
import { isActive, isPaused, progressOf } from '../state/runs-list.ts';
import { widthOf } from '../text/fit-text.ts';
import { formatBleu, formatDelta } from '../text/format.ts';
import { cell, type RichLine, span } from '../text/rich-line.ts';
import type { Style, Theme } from '../theme.ts';

const STATE_STYLES: Readonly<Record<RunState, Style>> = {
  pending: { tone: 'muted' },
  running: { tone: 'accent', bold: true },
  completed: { tone: 'good' },
  stopped: { tone: 'warning' },
  failed: { tone: 'bad', bold: true },
  interrupted: { tone: 'bad' },
};

/** The state as symbol and word; a run that was asked to stop says so until it has, one that waits what for. */
export function stateText(
  { state, stopRequestedAt, phase }: Pick<RunSummary, 'state' | 'stopRequestedAt' | 'phase'>,
  theme: Theme,
): { text: string; style: Style } {
  if (isActive(state) && stopRequestedAt !== null) {
    return { text: `${theme.symbols.stopped} stopping`, style: { tone: 'warning', bold: true } };
  }
  if (isPaused({ state, phase })) {
    return { text: `${theme.symbols.interrupted} disk full`, style: { tone: 'warning', bold: true } };
  }
  return { text: `${theme.symbols[state]} ${state}`, style: STATE_STYLES[state] };
}

/** A bar with its percentage, together `width` cells; dashes while nothing is known. */
export function progressSpans(run: RunSummary, width: number, theme: Theme): RichLine {
  const share = progressOf(run);
  if (share === null) return [cell(theme.symbols.missing, width, { tone: 'muted' })];
  // 100% is for what is done: a run one step before its end is not.
  const percent = share < 1 ? Math.min(99, Math.floor(share * 100)) : 100;
  const { filled, empty } = progressBar(share, width - 5, theme.symbols);
  const tone = STATE_STYLES[run.state].tone ?? 'plain';
  return [span(filled, { tone }), span(empty, { tone: 'muted' }), cell(`${percent}%`, 5, undefined, 'right')];
}

/** Cells of `beforeAfterSpans`, and of its head. */
export function beforeAfterWidth({ symbols }: Theme): number {
  return widthOf(`BEFORE ${symbols.arrow} AFTER`);
}

/** `20.8 → 53.8`, in `beforeAfterWidth` cells. */
export function beforeAfterSpans(before: number | null, after: number | null, theme: Theme): RichLine {
  const { symbols } = theme;
  if (before === null && after === null)
    return [cell(symbols.missing, beforeAfterWidth(theme), { tone: 'muted' }, 'right')];
  return [
    cell(formatBleu(before, symbols), 6, undefined, 'right'),
    cell(` ${symbols.arrow}`, widthOf(symbols.arrow) + 2, { tone: 'muted' }),
    cell(formatBleu(after, symbols), 5, after === null ? { tone: 'muted' } : { bold: true }, 'right'),
  ];
}

/** The signed difference with its arrow, in `width` cells. */
export function deltaSpan(delta: number | null, width: number, theme: Theme): RichLine {
  const { text, style } = formatDelta(delta, theme.symbols);
  return [cell(text, width, style, 'right')];
}
