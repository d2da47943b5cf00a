/** Reads metric series, thinned out for a chart in such a way that no peak, no end and no NaN is lost. */
import { isDeepStrictEqual } from 'node:util';
import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import type { MetricPoint } from './rows.ts';
import { selectAll, selectOne } from './select.ts';

const FROM_SERIES = 'FROM metric_points WHERE run = (SELECT number FROM runs WHERE id = ?) AND metric = ?';

const pointRow = z.object({ step: z.number(), value: z.number().nullable(), time: z.number() });

/** Gives back the names of a run's series in alphabetical order. */
export function metricNames(database: Database, id: string): string[] {
  // Jumps from name to name in the index instead of walking through every point.
  const sql = `
    WITH RECURSIVE
      this_run(number) AS (SELECT number FROM runs WHERE id = ?),
      names(name) AS (
        SELECT min(metric) FROM metric_points WHERE run = (SELECT number FROM this_run)
        UNION ALL
        SELECT (SELECT min(metric) FROM metric_points WHERE run = (SELECT number FROM this_run) AND metric > name)
        FROM names WHERE name IS NOT NULL
      )
    SELECT name FROM names WHERE name IS NOT NULL`;
  return selectAll(database, z.object({ name: z.string() }), sql, id).map(({ name }) => name);
}

/** What is kept of a series between two readings: runs write at the end of a series, so most of it stays as it was. */
interface KnownSeries {
  /** Steps in a stretch, a power of two: a longer series has wider stretches, and each is two of those before. */
  readonly width: number;
  /** The points kept of each whole stretch, by the number of the stretch. */
  readonly stretches: Map<number, readonly MetricPoint[]>;
  /** The last point there was: a run that was taken up again has another in its place, or none. */
  last: MetricPoint;
}

/** So many series are kept; the one that was not read for longest goes. */
const MAX_KNOWN = 32;

/** Reads series thinned out, each time only what is new of them. */
export class MetricSeriesReader {
  readonly #database: Database;
  readonly #known = new Map<string, KnownSeries>();

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Gives back a series by rising step.
   * @param maxPoints  4 or more: the series is cut into stretches of steps, and each keeps its lowest and highest value
   *                   (its first NaN in place of the lowest); the first and last point stay. Infinity gives every point.
   */
  read(id: string, metric: string, maxPoints: number): MetricPoint[] {
    if (!(maxPoints >= 4)) throw new RangeError(`maxPoints is ${maxPoints}; expected 4 or more`);
    const key = JSON.stringify([id, metric, maxPoints]);
    const known = this.#known.get(key);
    this.#known.delete(key);
    if (known === undefined) {
      const limit = Number.isFinite(maxPoints) ? Math.floor(maxPoints) + 1 : -1;
      const sql = `SELECT step, value, time ${FROM_SERIES} ORDER BY step LIMIT ?`;
      const start = selectAll(this.#database, pointRow, sql, id, metric, limit);
      if (start.length <= maxPoints) return start;
    }
    const { points, series } = thinOut(this.#database, id, metric, Math.floor(maxPoints), known);
    this.#known.set(key, series);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    return points;
  }
}

/** One range read for each extreme of each stretch: nothing is sorted and few rows leave SQLite. */
function thinOut(database: Database, id: string, metric: string, maxPoints: number, before?: KnownSeries) {
  const end = (order: string) =>
    selectOne(database, pointRow, `SELECT step, value, time ${FROM_SERIES} ORDER BY step ${order} LIMIT 1`, id, metric);
  const first = end('ASC');
  const last = end('DESC');
  if (first === null || last === null)
    return { points: [], series: { width: 1, stretches: new Map(), last: NO_POINT } };

  const most = Math.floor((maxPoints - 2) / 2);
  let width = 1;
  while (Math.floor(last.step / width) - Math.floor(first.step / width) >= most) width *= 2;
  const isKnown =
    before?.width === width && isDeepStrictEqual(pointAt(database, id, metric, before.last.step), before.last);
  const stretches = isKnown ? before.stretches : new Map<number, readonly MetricPoint[]>();
  const extremes = prepareExtremes(database, id, metric);
  const points = [first];
  const newest = Math.floor(last.step / width);
  for (let stretch = Math.floor(first.step / width); stretch <= newest; stretch++) {
    const kept = stretches.get(stretch) ?? extremes(stretch * width, (stretch + 1) * width);
    if (stretch < newest) stretches.set(stretch, kept); // the newest may still get points
    for (const point of kept) if (point.step > first.step && point.step < last.step) points.push(point);
  }
  if (last.step > first.step) points.push(last);
  return { points, series: { width, stretches, last } };
}

const NO_POINT: MetricPoint = { step: -1, value: null, time: 0 };

function pointAt(database: Database, id: string, metric: string, step: number): MetricPoint | null {
  return selectOne(database, pointRow, `SELECT step, value, time ${FROM_SERIES} AND step = ?`, id, metric, step);
}

/** Gives a function that reads the extremes of a stretch `from <= step < to`, by rising step. */
function prepareExtremes(database: Database, id: string, metric: string): (from: number, to: number) => MetricPoint[] {
  // In SQLite the columns beside a lone min() or max() are those of the row that holds it.
  const inStretch = `${FROM_SERIES} AND step >= ? AND step < ?`;
  const lowest = database.prepare(
    `SELECT step, min(value) AS value, time, count(*) > count(value) AS hasNaN ${inStretch}`,
  );
  const highest = database.prepare(`SELECT step, max(value) AS value, time ${inStretch}`);
  const notFinite = database.prepare(`SELECT step, value, time ${inStretch} AND value IS NULL ORDER BY step LIMIT 1`);
  const extremeRow = z.object({ step: z.number().nullable(), hasNaN: z.number().optional() });
  return (from, to) => {
    const low = lowest.get(id, metric, from, to);
    const hasNaN = extremeRow.parse(low).hasNaN === 1;
    const rows = [hasNaN ? notFinite.get(id, metric, from, to) : low, highest.get(id, metric, from, to)];
    const found = rows.filter((row) => row !== undefined && extremeRow.parse(row).step !== null);
    const points = new Map(found.map((row) => pointRow.parse(row)).map((point) => [point.step, point]));
    return [...points.values()].sort((a, b) => a.step - b.step);
  };
}
