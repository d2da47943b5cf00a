/** A line chart as SVG: one line a run, over steps. */
import type { MetricPoint } from '../../store/rows.ts';
import { niceRange, type Range, tickLabel, ticks } from '../../ui/plot/scale.ts';
import { type Html, html } from './html.ts';

export interface ChartLine {
  readonly label: string;
  /** By rising step; a null value breaks the line. */
  readonly points: readonly MetricPoint[];
}

const WIDTH = 640;
const HEIGHT = 260;
const LEFT = 64;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 34;

/** Gives the chart, or null where no line has a point. The look comes from the page's classes `line0` to `line5`. */
export function lineChart(title: string, lines: readonly ChartLine[]): Html | null {
  const range = niceRange(lines.flatMap(({ points }) => points.map(({ value }) => value ?? Number.NaN)));
  if (range === null) return null;
  const lastStep = Math.max(1, ...lines.flatMap(({ points }) => points.map(({ step }) => step)));
  const place: Place = {
    x: (step) => LEFT + ((WIDTH - LEFT - RIGHT) * step) / lastStep,
    y: (value) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * (value - range.low)) / (range.high - range.low),
  };
  return html`<figure><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title} by step">
${axes(range, lastStep, place)}
${lines.map((line, index) => drawLine(line, `line${index % 6}`, place))}
</svg></figure>`;
}

interface Place {
  x(step: number): number;
  y(value: number): number;
}

function axes(range: Range, lastStep: number, place: Place): Html[] {
  const horizontal = ticks(range).map((value) => {
    const y = place.y(value).toFixed(1);
    return html`<path class="grid" d="M${LEFT} ${y}H${WIDTH - RIGHT}"/><text x="${LEFT - 6}" y="${y}" class="tick left">${tickLabel(value, range)}</text>`;
  });
  const steps = ticks({ low: 0, high: lastStep }).filter(Number.isInteger);
  const vertical = steps.map((step) => {
    return html`<text x="${place.x(step).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" class="tick below">${step}</text>`;
  });
  return [...horizontal, ...vertical];
}

function drawLine({ label, points }: ChartLine, look: string, place: Place): Html {
  const parts: MetricPoint[][] = [[]];
  for (const point of points) {
    if (point.value === null) parts.push([]);
    else parts.at(-1)?.push(point);
  }
  const path = parts.map((part) =>
    part.map((point, index) => `${index === 0 ? 'M' : 'L'}${at(point, place)}`).join(''),
  );
  // A single point is no line, and few points are seen better with a mark.
  const marks = points.filter(({ value }) => value !== null && points.length <= 20);
  return html`<g class="${look}"><title>${label}</title><path d="${path.join('')}"/>${marks.map(
    ({ step, value }) => html`<circle cx="${place.x(step).toFixed(1)}" cy="${place.y(value ?? 0).toFixed(1)}" r="3"/>`,
  )}</g>`;
}

function at({ step, value }: MetricPoint, place: Place): string {
  return `${place.x(step).toFixed(1)} ${place.y(value ?? 0).toFixed(1)}`;
}
