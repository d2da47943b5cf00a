/**
 * Curves over steps as lines of text: labels and axis at the left, steps below. Braille gives 2 x 4 dots a cell and the
 * curves keep apart by colour; where colour or braille is missing, each curve has a mark of its own.
 */
import { padStart, widthOf } from '../text/fit-text.ts';
import { EMPTY_LINE, type RichLine, type Span, span } from '../text/rich-line.ts';
import type { Style, Theme, Tone } from '../theme.ts';
import { niceRange, type Range, tickLabel } from './scale.ts';

export interface PlotPoint {
  readonly step: number;
  /** Null leaves a gap. */
  readonly value: number | null;
}

export interface PlotSeries {
  readonly points: readonly PlotPoint[];
  readonly tone: Tone;
}

export interface PlotOptions {
  readonly series: readonly PlotSeries[];
  readonly width: number;
  /** Lines in all, the one with the steps included. */
  readonly height: number;
  readonly theme: Theme;
  /** The last step of the axis; default: the last point. */
  readonly lastStep?: number | null;
  readonly emptyText?: string;
}

// The dot of a braille cell by row (0..3) and column (0..1): Unicode block 2800.
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

interface Cell {
  /** Braille dots set. */
  mask: number;
  /** Index of the curve drawn last. */
  owner: number;
}

/** Exactly `height` lines, none wider than `width`. */
export function plotLines(options: PlotOptions): RichLine[] {
  const { series, width, height, theme } = options;
  const yRange = niceRange(series.flatMap(({ points }) => points.flatMap(({ value }) => value ?? [])));
  const rows = height - 1;
  if (yRange === null || rows < 1) return emptyPlot(options.emptyText ?? 'No points yet.', height);

  const labels = axisLabels(yRange, rows);
  const labelWidth = Math.max(...labels.map(widthOf));
  const columns = width - labelWidth - 2;
  if (columns < 4) return emptyPlot('', height);

  const xRange = stepRange(series, options.lastStep ?? null);
  const hasBraille = theme.isUnicode && (theme.colorLevel > 0 || series.length === 1);
  const grid = drawSeries(series, { columns, rows, xRange, yRange, isFine: hasBraille });
  const lines = grid.map((cells, row): RichLine => {
    const label = labels[row] ?? '';
    const axis = label === '' ? theme.symbols.axis : theme.symbols.axisTick;
    const body = cellSpans(cells, series, hasBraille, theme);
    return [span(`${padStart(label, labelWidth)} `, { tone: 'muted' }), span(axis, { tone: 'muted' }), ...body];
  });
  return [...lines, stepLine(xRange, labelWidth + 2, columns)];
}

function emptyPlot(text: string, height: number): RichLine[] {
  const middle = Math.floor((height - 1) / 2);
  return Array.from({ length: Math.max(0, height) }, (_, row) =>
    row === middle ? [span(`  ${text}`, { tone: 'muted' })] : EMPTY_LINE,
  );
}

// Labels at top and bottom and, where there is room, between.
function axisLabels(range: Range, rows: number): string[] {
  const labels = Array.from({ length: rows }, () => '');
  const put = (row: number) => {
    const share = rows === 1 ? 0.5 : 1 - row / (rows - 1);
    labels[row] = tickLabel(range.low + share * (range.high - range.low), range);
  };
  const count = rows >= 13 ? 5 : rows >= 5 ? 3 : 2;
  for (let i = 0; i < count; i++) put(Math.round((i * (rows - 1)) / (count - 1)));
  return labels;
}

function stepRange(series: readonly PlotSeries[], lastStep: number | null): Range {
  const steps = series.flatMap(({ points }) => points.map(({ step }) => step));
  const high = steps.reduce((last, step) => Math.max(last, step), lastStep ?? 1);
  return { low: 0, high: Math.max(1, high) };
}

interface Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly xRange: Range;
  readonly yRange: Range;
  /** Braille dots instead of whole cells. */
  readonly isFine: boolean;
}

function drawSeries(series: readonly PlotSeries[], canvas: Canvas): Cell[][] {
  const { columns, rows, isFine } = canvas;
  const grid = Array.from({ length: rows }, () =>
    Array.from({ length: columns }, (): Cell => ({ mask: 0, owner: -1 })),
  );
  const [perColumn, perRow] = isFine ? [2, 4] : [1, 1];
  series.forEach(({ points }, owner) => {
    const set = (x: number, y: number) => {
      const found = grid[Math.floor(y / perRow)]?.[Math.floor(x / perColumn)];
      if (found === undefined) return;
      found.mask |= isFine ? (DOTS[y % 4]?.[x % 2] ?? 0) : 1;
      found.owner = owner;
    };
    drawCurve(points, canvas, columns * perColumn - 1, rows * perRow - 1, set);
  });
  return grid;
}

function drawCurve(
  points: readonly PlotPoint[],
  { xRange, yRange }: Canvas,
  maxX: number,
  maxY: number,
  set: (x: number, y: number) => void,
): void {
  let previous: readonly [number, number] | null = null;
  for (const { step, value } of points) {
    if (value === null || !Number.isFinite(value)) {
      previous = null;
      continue;
    }
    const x = Math.round(((step - xRange.low) / (xRange.high - xRange.low)) * maxX);
    const y = Math.round((1 - (value - yRange.low) / (yRange.high - yRange.low)) * maxY);
    if (previous === null) set(x, y);
    else drawLine(previous, [x, y], set);
    previous = [x, y];
  }
}

function drawLine(
  [fromX, fromY]: readonly [number, number],
  [toX, toY]: readonly [number, number],
  set: (x: number, y: number) => void,
): void {
  const length = Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY));
  for (let i = 0; i <= length; i++) {
    const share = length === 0 ? 0 : i / length;
    set(Math.round(fromX + share * (toX - fromX)), Math.round(fromY + share * (toY - fromY)));
  }
}

// Neighbouring cells of one curve share a span: fewer escape codes a line.
function cellSpans(cells: readonly Cell[], series: readonly PlotSeries[], hasBraille: boolean, theme: Theme): Span[] {
  const spans: { text: string; style?: Style; owner: number }[] = [];
  for (const { mask, owner } of cells) {
    const mark = theme.symbols.seriesMarks[owner % theme.symbols.seriesMarks.length] ?? '*';
    const text = mask === 0 ? ' ' : hasBraille ? String.fromCodePoint(0x2800 + mask) : mark;
    const last = spans.at(-1);
    if (last !== undefined && last.owner === owner) last.text += text;
    else spans.push({ text, owner, ...(owner >= 0 ? { style: { tone: series[owner]?.tone ?? 'plain' } } : {}) });
  }
  if (spans.at(-1)?.owner === -1) spans.pop();
  return spans.map(({ text, style }) => span(text, style));
}

function stepLine(range: Range, indent: number, columns: number): RichLine {
  const last = `${range.high}`;
  const middle = 'steps';
  const room = columns - 1 - last.length;
  const left = Math.max(1, Math.floor((room - middle.length) / 2));
  const right = Math.max(1, room - left - middle.length);
  const text = room < middle.length + 4 ? last : `0${' '.repeat(left)}${middle}${' '.repeat(right)}${last}`;
  return [span(' '.repeat(indent) + text, { tone: 'muted' })];
}
