/** Runs side by side: scores and curves, settings, sentences. Each run has a letter, a colour and a mark. */
import { beforeAndAfter, bleuDifference } from '../state/comparability.ts';
import type { SettingRow } from '../state/config-difference.ts';
import { comparedSentenceRows, comparedSettingRows, PREVIEWED_RUNS } from '../state/layout.ts';
import { windowAround } from '../state/list-position.ts';
import type { RunDetail } from '../state/run-detail.ts';
import { runTitle } from '../state/runs-list.ts';
import type { SentenceDifference } from '../state/sentence-difference.ts';
import { testOutcome } from '../state/significance.ts';
import type { TestOutcome, UiState } from '../state/ui-state.ts';
import { truncateMiddle, visibleText, widthOf, wrapText } from '../text/fit-text.ts';
import { formatBleu, formatChance, formatDelta } from '../text/format.ts';
import {
  cell,
  cellWithBothEnds,
  EMPTY_LINE,
  justify,
  lineWidth,
  type RichLine,
  type Span,
  span,
} from '../text/rich-line.ts';
import { type Style, seriesTone, type Theme } from '../theme.ts';
import { curveLines } from './curve-lines.ts';
import { headingLine, pointerSpan } from './heading.ts';
import { wordMarker } from './sentence-lines.ts';

/** The letter of the n-th run, `A` to `Z`, then numbers. */
export function runLetter(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : String(index + 1);
}

/**
 * The names of the runs with their ids, where `width` cells hold every one of them so; else only those that share their
 * name with another have the id, for it is all that tells them apart.
 */
export function runNames(details: readonly RunDetail[], width: number): readonly string[] {
  const titles = details.map(({ record }) => visibleText(runTitle(record)));
  if (titles.every((title) => widthOf(title) <= width)) return titles;
  const names = details.map(({ record }) => visibleText(record.name));
  return names.map((name, index) => (names.indexOf(name) === names.lastIndexOf(name) ? name : (titles[index] ?? name)));
}

/** Which letter, colour and mark is which run: `A quickstart k3x9  B slow b7q2`. */
export function legendLine(details: readonly RunDetail[], width: number, theme: Theme): RichLine {
  const legend = (names: readonly string[], textWidth: number): RichLine =>
    names.flatMap((name, index): Span[] => {
      const text = truncateMiddle(`${runSign(index, theme)} ${name}`, textWidth);
      return [span('  '), span(text, { tone: seriesTone(index), bold: true })];
    });
  const whole = [Number.POSITIVE_INFINITY, 0].map((room) => legend(runNames(details, room), Number.POSITIVE_INFINITY));
  const fitting = whole.find((line) => lineWidth(line) <= width);
  return fitting ?? legend(runNames(details, 0), Math.floor(width / details.length) - 2);
}

// The letter, with the mark of the run's curve where colour cannot tell which it is.
function runSign(index: number, theme: Theme): string {
  if (theme.colorLevel > 0 && theme.isUnicode) return runLetter(index);
  return `${runLetter(index)} ${theme.symbols.seriesMarks[index % theme.symbols.seriesMarks.length] ?? ''}`;
}

/** Scores of every run, what speaks against comparing them, and their curves over one another. */
export function scoresLines(
  details: readonly RunDetail[],
  warnings: readonly string[],
  { plot, tests }: Pick<UiState, 'plot' | 'tests'>,
  width: number,
  height: number,
  theme: Theme,
): RichLine[] {
  const names = runNames(details, nameWidth(width));
  const outcome = details.length < 2 ? null : testOutcome({ tests }, details);
  const table = [
    scoreHead(width, theme),
    ...details.map((detail, index) => scoreRow(detail, outcome, names[index] ?? '', index, width, theme)),
  ];
  const cautions = warnings.flatMap((text): RichLine[] =>
    wrapText(visibleText(text), width - 4).map((line, index) => [
      span(` ${index === 0 ? theme.symbols.interrupted : ' '} ${line}`, { tone: 'warning', bold: true }),
    ]),
  );
  const plotHeight = height - table.length - cautions.length - 1;
  return [...table, ...cautions, EMPTY_LINE, ...curveLines(details, plot, width, plotHeight, theme)];
}

/** Settings, a column per run: values that differ stand out. */
export function settingsLines(
  rows: readonly SettingRow[],
  details: readonly RunDetail[],
  scroll: number,
  width: number,
  height: number,
): RichLine[] {
  const pathWidth = Math.min(38, Math.max(12, ...rows.map(({ path }) => path.length)));
  const valueWidth = Math.max(6, Math.floor((width - pathWidth - 4) / Math.max(1, details.length)) - 2);
  const head: RichLine = [
    span('  '),
    cell('SETTING', pathWidth, { tone: 'muted' }),
    ...runNames(details, valueWidth - 2).flatMap((name, index) => [
      span('  '),
      cellWithBothEnds(`${runLetter(index)} ${name}`, valueWidth, { tone: seriesTone(index), bold: true }),
    ]),
  ];
  if (rows.length === 0) return [head, [span('  The runs have the same settings. a shows them.', { tone: 'muted' })]];
  const body = rows
    .slice(scroll, scroll + comparedSettingRows(height))
    .map(
      ({ path, values, isDifferent }): RichLine => [
        span('  '),
        cell(path, pathWidth, isDifferent ? {} : { tone: 'muted' }),
        ...values.flatMap((value): Span[] => [
          span('  '),
          cellWithBothEnds(
            value === null || value === '' ? '(none)' : value,
            valueWidth,
            isDifferent ? { bold: true } : { tone: 'muted' },
          ),
        ]),
      ],
    );
  return [head, ...body];
}

/** Sentences, those first on which the runs differ most; the one under the cursor with its translations below. */
export function differenceLines(
  sentences: readonly SentenceDifference[],
  shared: number,
  details: readonly RunDetail[],
  position: number,
  width: number,
  height: number,
  theme: Theme,
): RichLine[] {
  if (shared === 0) return [[span('  The runs have no translated sentence in common.', { tone: 'muted' })]];
  if (sentences.length === 0)
    return [[span(`  Of ${shared} shared sentences, none was translated differently.`, { tone: 'muted' })]];
  const cursor = Math.min(position, sentences.length - 1);
  const current = sentences[cursor];
  const preview = current === undefined ? [] : previewLines(current, details, width, theme);
  const listHeight = comparedSentenceRows(height, details.length);
  const { first, end } = windowAround(cursor, sentences.length, listHeight);
  const head: RichLine = [
    span('  '),
    cell('APART', 6, { tone: 'muted' }, 'right'),
    ...details.map((_, index) => cell(runLetter(index), 6, { tone: seriesTone(index), bold: true }, 'right')),
    span('  SOURCE', { tone: 'muted' }),
  ];
  const rows = sentences
    .slice(first, end)
    .map(
      ({ spread, byRun, source }, row): RichLine => [
        pointerSpan(first + row === cursor, theme),
        cell(spread.toFixed(1), 6, { bold: true }, 'right'),
        ...byRun.map(({ bleu }) => cell(bleu.toFixed(1), 6, {}, 'right')),
        span(`  ${source}`, first + row === cursor ? { bold: true } : {}),
      ],
    );
  const count = `${sentences.length} of ${shared} shared sentences differ`;
  return [justify(head, [span(count, { tone: 'muted' })], width - 1), ...padded(rows, listHeight), ...preview];
}

function previewLines(
  sentence: SentenceDifference,
  details: readonly RunDetail[],
  width: number,
  theme: Theme,
): RichLine[] {
  const lines: RichLine[] = [
    [span(' '), ...headingLine('Sentence BLEU of each run; those furthest apart come first', width - 2, theme)],
    [span('  reference  ', { tone: 'muted' }), span(sentence.reference)],
  ];
  const shown = details
    .slice(0, PREVIEWED_RUNS)
    .map(
      (_, index): RichLine => [
        span('  '),
        cell(runLetter(index), 11, { tone: seriesTone(index), bold: true }),
        ...wordMarker(
          sentence.byRun[index]?.after ?? '',
          sentence.reference,
        )(visibleText(sentence.byRun[index]?.after ?? '')),
      ],
    );
  return [...lines, ...shown];
}

function scoreHead(width: number, theme: Theme): RichLine {
  const muted = { tone: 'muted' } as const;
  const head = (title: string, cells: number) => cell(title, cells, muted, 'right');
  return [
    span('     '),
    cell('RUN', nameWidth(width), muted),
    head('BEFORE', 7),
    head('AFTER', 7),
    head(`${theme.symbols.plusMinus}95%`, 6),
    head(`${theme.symbols.delta} BLEU`, 9),
    head('P TO A', 8),
    ...[head('LOSS', 7), head(`${theme.symbols.delta} LOSS`, 9)].slice(0, lossColumns(width)),
  ];
}

function scoreRow(
  { evaluations }: RunDetail,
  outcome: TestOutcome,
  name: string,
  index: number,
  width: number,
  theme: Theme,
): RichLine {
  const { symbols } = theme;
  const { before, after } = beforeAndAfter(evaluations);
  const bleu = formatDelta(bleuDifference(before, after), symbols);
  const lossDelta =
    typeof before?.loss === 'number' && typeof after?.loss === 'number' ? after.loss - before.loss : null;
  const loss = formatDelta(lossDelta, symbols, { decimals: 2, isLowerBetter: true });
  const { interval, chance } = testCells(outcome, index, theme);
  return [
    cell(` ${runSign(index, theme)}`, 5, { tone: seriesTone(index), bold: true }),
    cellWithBothEnds(name, nameWidth(width), { tone: seriesTone(index) }),
    cell(formatBleu(before?.bleu?.score ?? null, symbols), 7, undefined, 'right'),
    cell(formatBleu(after?.bleu?.score ?? null, symbols), 7, { bold: true }, 'right'),
    cell(interval, 6, { tone: 'muted' }, 'right'),
    cell(bleu.text, 9, bleu.style, 'right'),
    cell(chance.text, 8, chance.style, 'right'),
    ...[
      cell(after?.loss?.toFixed(2) ?? symbols.missing, 7, undefined, 'right'),
      cell(loss.text, 9, loss.style, 'right'),
    ].slice(0, lossColumns(width)),
  ];
}

/** The interval of a run's score, and the chance of its difference to the first; the first has nothing to be held to. */
function testCells(outcome: TestOutcome, index: number, { symbols }: Theme) {
  if (outcome === 'pending') return { interval: '…', chance: { text: index === 0 ? '' : '…', style: {} } };
  const { interval = null, pValue = null, isSignificant = null } = outcome?.[index] ?? {};
  const text = pValue === null ? symbols.missing : formatChance(pValue).replace(/p = |p | /g, '');
  const style: Style = isSignificant ? { bold: true } : { tone: 'muted' };
  return {
    interval: interval === null ? symbols.missing : interval.toFixed(1),
    chance: { text: index === 0 ? '' : text, style },
  };
}

function nameWidth(width: number): number {
  const others = [44, 51, 60][lossColumns(width)] ?? 60;
  return Math.max(8, Math.min(40, width - others));
}

// The names need the room more.
function lossColumns(width: number): number {
  return width >= 92 ? 2 : width >= 76 ? 1 : 0;
}

function padded(lines: readonly RichLine[], height: number): RichLine[] {
  return [...lines, ...Array.from({ length: Math.max(0, height - lines.length) }, () => EMPTY_LINE)];
}
