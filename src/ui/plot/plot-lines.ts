/**
 * Curves over steps as lines of text: labels and axis at the left, steps below. Braille gives 2 x 4 dots a cell and the
 * curves keep apart by colour; where colour or braille is missing, each curve has a mark of its own.
 */
import { padStart, widthOf } from '../text/fit-text.ts';
import { EMPTY_LINE, type RichLine, type Span, span } from '../text/rich-line.ts';
import type { Style, Theme, Tone } from '../theme.ts';
import { niceRange, type Range, tickLabel, ticks } from './scale.ts';

export interface PlotPoint {
  readonly step: number;
  /** Null leaves a gap. */
  readonly value: number | null;
}

export interface PlotSeries {
  readonly points: readonly PlotPoint[];
  readonly tone: Tone;
  /** Default: a line. Points are marks of a whole cell, above all lines. */
  readonly shape?: 'line' | 'points' | 'line-and-points';
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
  isPoint: boolean;
}

/** Exactly `height` lines, none wider than `width`. */
export function plotLines(options: PlotOptions): RichLine[] {
  const { series, width, height, theme } = options;
  const yRange = niceRange(series.flatMap(({ points }) => points.flatMap(({ value }) => value ?? [])));
  const rows = height - 1;
  if (yRange === null || rows < 1) return emptyPlot(options.emptyText ?? 'No points yet.', height);

  const lines = series.filter(({ shape }) => shape !== 'points').length;
  const isFine = theme.isUnicode && (theme.colorLevel > 0 || lines < 2);
  const labels = axisLabels(yRange, rows, isFine);
  const labelWidth = Math.max(...labels.map(widthOf));
  const columns = width - labelWidth - 2;
  if (columns < 4) return emptyPlot('', height);

  const xRange = stepRange(series, options.lastStep ?? null);
  const grid = drawSeries(series, { columns, rows, xRange, yRange, isFine });
  const plot = grid.map((cells, row): RichLine => {
    const label = labels[row] ?? '';
    const axis = label === '' ? theme.symbols.axis : theme.symbols.axisTick;
    const body = cellSpans(cells, series, isFine, theme);
    return [span(`${padStart(label, labelWidth)} `, { tone: 'muted' }), span(axis, { tone: 'muted' }), ...body];
  });
  return [...plot, stepLine(xRange, labelWidth + 2, columns)];
}

function emptyPlot(text: string, height: number): RichLine[] {
  const middle = Math.floor((height - 1) / 2);
  return Array.from({ length: Math.max(0, height) }, (_, row) =>
    row === middle ? [span(`  ${text}`, { tone: 'muted' })] : EMPTY_LINE,
  );
}

// At round values, no two of them in neighbouring rows.
function axisLabels(range: Range, rows: number, isFine: boolean): string[] {
  const labels = Array.from({ length: rows }, () => '');
  const perRow = isFine ? 4 : 1;
  for (const value of ticks(range, Math.ceil(rows / 2))) {
    labels[Math.floor(placeOf(value, range, rows * perRow - 1) / perRow)] = tickLabel(value, range);
  }
  return labels;
}

// How far below the top of the range, 0 to `max`.
function placeOf(value: number, { low, high }: Range, max: number): number {
  return Math.round((1 - (value - low) / (high - low)) * max);
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
    Array.from({ length: columns }, (): Cell => ({ mask: 0, owner: -1, isPoint: false })),
  );
  const [perColumn, perRow] = isFine ? [2, 4] : [1, 1];
  const [maxX, maxY] = [columns * perColumn - 1, rows * perRow - 1];
  const cellAt = (x: number, y: number) => grid[Math.floor(y / perRow)]?.[Math.floor(x / perColumn)];
  series.forEach(({ points, shape }, owner) => {
    if (shape === 'points') return;
    drawCurve(points, canvas, maxX, maxY, (x, y) => {
      const found = cellAt(x, y);
      if (found === undefined) return;
      found.mask |= isFine ? (DOTS[y % 4]?.[x % 2] ?? 0) : 1;
      found.owner = owner;
    });
  });
  series.forEach(({ points, shape = 'line' }, owner) => {
    if (shape === 'line') return;
    for (const point of points) {
      const place = dotOf(point, canvas, maxX, maxY);
      const found = place && cellAt(...place);
      if (found) Object.assign(found, { owner, isPoint: true });
    }
  });
  return grid;
}

// Null where there is nothing to draw.
function dotOf({ step, value }: PlotPoint, { xRange, yRange }: Canvas, maxX: number, maxY: number) {
  if (value === null || !Number.isFinite(value)) return null;
  const x = Math.round(((step - xRange.low) / (xRange.high - xRange.low)) * maxX);
  return [x, placeOf(value, yRange, maxY)] as const;
}

function drawCurve(
  points: readonly PlotPoint[],
  canvas: Canvas,
  maxX: number,
  maxY: number,
  set: (x: number, y: number) => void,
): void {
  let previous: readonly [number, number] | null = null;
  for (const point of points) {
    const dot = dotOf(point, canvas, maxX, maxY);
    if (dot !== null && previous !== null) drawLine(previous, dot, set);
    else if (dot !== null) set(...dot);
    previous = dot;
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
function cellSpans(cells: readonly Cell[], series: readonly PlotSeries[], isFine: boolean, theme: Theme): Span[] {
  const spans: { text: string; style?: Style; owner: number }[] = [];
  for (const { mask, owner, isPoint } of cells) {
    const mark = theme.symbols.seriesMarks[owner % theme.symbols.seriesMarks.length] ?? '*';
    const point = isFine ? theme.symbols.marked : mark;
    const line = isFine ? String.fromCodePoint(0x2800 + mask) : mark;
    const text = isPoint ? point : mask === 0 ? ' ' : line;
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
