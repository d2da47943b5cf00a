/** The lists of one run: its sentences, settings and events. */
import type { RunSetting } from '../state/config-difference.ts';
import { windowAround } from '../state/list-position.ts';
import type { RunDetail } from '../state/run-detail.ts';
import { type RunSentenceRow, type SentenceList, sentenceScores, sentencesOf } from '../state/run-sentences.ts';
import { EVENT_MARGIN, eventRows } from '../state/selectors.ts';
import { formatBleu, formatClock, formatDelta } from '../text/format.ts';
import { cell, EMPTY_LINE, justify, type RichLine, span } from '../text/rich-line.ts';
import type { Style, Theme } from '../theme.ts';
import { headingLine, pointerSpan } from './heading.ts';
import { markedLegend, sentenceLines } from './sentence-lines.ts';

/** Sentences with their sentence BLEU before and after, as many as fit; the one under the cursor whole below them. */
export function sampleLines(
  detail: RunDetail,
  list: SentenceList,
  position: number,
  width: number,
  height: number,
  theme: Theme,
): RichLine[] {
  const all = sentencesOf(detail).length;
  const sentences = sentencesOf(detail, list);
  if (all === 0) return [[span('  No sentence has been translated yet.', { tone: 'muted' })]];
  if (sentences.length === 0) return [[span('  No sentence contains these words. esc shows all.', { tone: 'muted' })]];
  const cursor = Math.min(position, sentences.length - 1);
  const current = sentences[cursor];
  const preview = current === undefined ? [] : previewLines(current, width, theme);
  const rows = Math.max(1, height - preview.length - 1);
  const { first, end } = windowAround(cursor, sentences.length, rows);
  const hasSteps = sentences.some(({ step }) => step !== null);
  const shown = sentences.slice(first, end).map((row, index): RichLine => {
    const isCurrent = first + index === cursor;
    const { bleu, difference } = sentenceScores(row);
    const delta = formatDelta(difference, theme.symbols);
    return [
      pointerSpan(isCurrent, theme),
      cell(delta.text, 8, delta.style, 'right'),
      ...bleu.map((score) => cell(formatBleu(score, theme.symbols), 8, {}, 'right')),
      ...(hasSteps ? [cell(row.step === null ? '' : String(row.step), 7, {}, 'right')] : []),
      span(`  ${row.source}`, isCurrent ? { bold: true } : {}),
    ];
  });
  const order = list.isByDifference ? `by ${theme.symbols.delta}` : 'by number';
  const mark = list.isByDifference === list.isReversed ? theme.symbols.up : theme.symbols.down;
  const place = `${cursor + 1}/${sentences.length} ${order} ${mark}`;
  const muted = { tone: 'muted' } as const;
  const head: RichLine = [
    span('  '),
    cell(theme.symbols.delta, 8, muted, 'right'),
    cell('BEFORE', 8, muted, 'right'),
    cell(hasSteps ? 'SAMPLE' : 'AFTER', 8, muted, 'right'),
    ...(hasSteps ? [cell('STEP', 7, muted, 'right')] : []),
    span('  SOURCE', muted),
  ];
  const gap = Array.from({ length: Math.max(0, rows - shown.length) }, () => EMPTY_LINE);
  return [justify(head, [span(place, muted)], width - 1), ...shown, ...gap, ...preview];
}

function previewLines({ index, source, reference, hypotheses }: RunSentenceRow, width: number, theme: Theme) {
  const title = `Sentence #${index}${width < 76 ? '' : ', scored by sentence BLEU'}`;
  return [
    [span(' '), ...headingLine(title, width - 2, theme, markedLegend(theme))],
    ...sentenceLines(source, reference, hypotheses, theme),
  ];
}

/** The settings of a run, section by section: those that differ from the defaults stand out. */
export function settingLines(settings: readonly RunSetting[], scroll: number, height: number): RichLine[] {
  if (settings.length === 0) return [[span('  Every setting is the default. a shows them.', { tone: 'muted' })]];
  const width = Math.max(0, ...settings.map(({ path }) => path.length)) + 2;
  return settings.slice(scroll, scroll + height).map(({ path, value, isDefault }): RichLine => {
    const style: Style = isDefault ? { tone: 'muted' } : { bold: true };
    return [span('  '), cell(path, width, isDefault ? style : {}), span(value === '' ? '(none)' : value, style)];
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
    if (type === 'heading') return [span(`  ${text}`, { tone: 'muted' })];
    if (time === null) return [span(' '.repeat(EVENT_MARGIN)), span(text, EVENT_STYLES[type])];
    const style = EVENT_STYLES[type];
    return [
      span(`  ${formatClock(time)}  `, { tone: 'muted' }),
      cell(type, EVENT_MARGIN - 12, style),
      span(text, style),
    ];
  });
}
