/** The lists of one run: its sentences, settings and events. */
import { SENTENCE_ROWS } from '../state/layout.ts';
import { windowAround } from '../state/list-position.ts';
import type { RunDetail } from '../state/run-detail.ts';
import { EVENT_MARGIN, eventRows, sentencesOf } from '../state/selectors.ts';
import { formatClock } from '../text/format.ts';
import { cell, EMPTY_LINE, type RichLine, span } from '../text/rich-line.ts';
import type { Style, Theme } from '../theme.ts';
import { pointerSpan } from './heading.ts';
import { sentenceLines } from './sentence-lines.ts';

/** Sentences with their translations, as many as fit around the cursor. */
export function sampleLines(detail: RunDetail, position: number, height: number, theme: Theme): RichLine[] {
  const sentences = sentencesOf(detail);
  if (sentences.length === 0) return [[span('  No sentence has been translated yet.', { tone: 'muted' })]];
  const cursor = Math.min(position, sentences.length - 1);
  const { first, end } = windowAround(cursor, sentences.length, Math.max(1, Math.floor((height + 1) / SENTENCE_ROWS)));
  return sentences.slice(first, end).flatMap(({ source, reference, hypotheses }, row) => {
    const lines = sentenceLines(source, reference, hypotheses, theme);
    const block = lines.map(
      (line, index): RichLine => [pointerSpan(index === 0 && first + row === cursor, theme), ...line],
    );
    return [...block, ...Array.from({ length: SENTENCE_ROWS - block.length }, () => EMPTY_LINE)];
  });
}

/** The settings of a run, section by section. */
export function settingLines(parameters: Readonly<Record<string, string>>, scroll: number, height: number): RichLine[] {
  const entries = Object.entries(parameters);
  const width = Math.max(0, ...entries.map(([path]) => path.length)) + 2;
  return entries.slice(scroll, scroll + height).map(([path, value]): RichLine => {
    const style: Style = value === '' ? { tone: 'muted' } : { bold: true };
    return [span('  '), cell(path, width, { tone: 'muted' }), span(value === '' ? '(none)' : value, style)];
  });
}

const EVENT_STYLES: Readonly<Record<string, Style>> = {
  warning: { tone: 'warning', bold: true },
  stop: { tone: 'warning' },
  evaluation: { tone: 'accent' },
  end: { bold: true },
};

/** The diary of a run; `scroll` is null to stay at its end. */
export function eventLines(detail: RunDetail, scroll: number | null, width: number, height: number): RichLine[] {
  const rows = eventRows(detail.events, width);
  if (rows.length === 0) return [[span('  Nothing has happened yet.', { tone: 'muted' })]];
  const first = scroll ?? Math.max(0, rows.length - height);
  return rows.slice(first, first + height).map(({ time, type, text }): RichLine => {
    if (time === null) return [span(' '.repeat(EVENT_MARGIN)), span(text, EVENT_STYLES[type])];
    const style = EVENT_STYLES[type];
    return [
      span(`  ${formatClock(time)}  `, { tone: 'muted' }),
      cell(type, EVENT_MARGIN - 12, style),
      span(text, style),
    ];
  });
}
