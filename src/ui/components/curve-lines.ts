/** The chosen curve of one run, or of several over one another, below a heading that says what it is. */
import { type PlotPoint, type PlotSeries, plotLines } from '../plot/plot-lines.ts';
import { SMOOTHING_WEIGHT, smooth } from '../plot/smooth.ts';
import { CURVES, curvePoints, type PlotChoice, shownCurve } from '../state/curves.ts';
import type { RunDetail } from '../state/run-detail.ts';
import { isActive } from '../state/runs-list.ts';
import { formatNumber } from '../text/format.ts';
import { type RichLine, span } from '../text/rich-line.ts';
import { seriesTone, type Theme } from '../theme.ts';
import { headingLine } from './heading.ts';

/** Exactly `height` lines, the heading included. On the training loss of one run its validation losses are marked. */
export function curveLines(
  details: readonly RunDetail[],
  choice: PlotChoice,
  width: number,
  height: number,
  theme: Theme,
): RichLine[] {
  const name = shownCurve(choice, details);
  const { title, unit, isNoisy } = CURVES[name];
  const isSmoothed = isNoisy && choice.isSmoothed;
  const only = details.length === 1 ? details[0] : undefined;
  const validation = only !== undefined && name === 'loss' ? curvePoints(only, 'eval_loss') : [];
  const curves = details.map((detail, index): PlotSeries => {
    const points = curvePoints(detail, name);
    const shape = name.startsWith('eval_') ? 'line-and-points' : 'line';
    return { points: isSmoothed ? smooth(points) : points, tone: seriesTone(index), shape };
  });
  // Faint, so that two curves can be told apart where only colour does that.
  const hasFaint = theme.colorLevel > 0 && theme.isUnicode;
  const hasRaw = only !== undefined && isSmoothed && hasFaint;
  const raw: readonly PlotSeries[] = hasRaw ? [{ points: curvePoints(only, name), tone: 'muted' }] : [];
  const marks: readonly PlotSeries[] =
    validation.length === 0 ? [] : [{ points: validation, tone: 'series1', shape: 'points' }];

  const isNarrow = width < 76;
  const smoothing = isNarrow ? `EMA ${SMOOTHING_WEIGHT}` : `smoothed (EMA ${SMOOTHING_WEIGHT})`;
  const words = [title, unit, isSmoothed ? smoothing : ''].filter((word) => word !== '');
  const [last, lastValidation] = [only === undefined ? [] : curvePoints(only, name), validation].map(lastText);
  const legend: RichLine = [
    span(`${last} `, { bold: true }),
    ...(marks.length === 0
      ? []
      : [
          span(` ${pointMark(theme)} `, { tone: 'series1' }),
          span(`${isNarrow ? '' : 'validation '}${lastValidation} `),
        ]),
  ];
  const plot = plotLines({
    series: [...raw, ...curves, ...marks],
    width: width - 2,
    height: height - 1,
    theme,
    lastStep: only?.record.totalSteps ?? null,
    emptyText: emptyText(details),
  });
  return [
    [span(' '), ...headingLine(words.join(', '), width - 2, theme, last === '' ? [] : legend)],
    ...plot.map((line): RichLine => [span(' '), ...line]),
  ].slice(0, Math.max(0, height));
}

function lastText(points: readonly PlotPoint[]): string {
  const last = points.findLast(({ value }) => value !== null);
  return last === undefined ? '' : formatNumber(last.value);
}

// What the second series of a plot is drawn with.
function pointMark({ isUnicode, symbols }: Theme): string {
  return isUnicode ? symbols.marked : (symbols.seriesMarks[1] ?? '');
}

function emptyText(details: readonly RunDetail[]): string {
  if (details.some(({ record }) => isActive(record.state))) return 'No training step yet.';
  return details.length === 1 ? 'This run has no training steps.' : 'These runs have no training steps.';
}
