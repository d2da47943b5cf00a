/** Reads metric series, thinned out for a chart in such a way that no peak, no end and no NaN is lost. */
import { isDeepStrictEqual } from 'node:util';
import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import type { MetricPoint } from './rows.ts';
import { selectAll, selectOne } from './select.ts';

const FROM_SERIES = 'FROM metric_points WHERE run = ? AND metric = ?';

const runRow = z.object({ number: z.number() });
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
    const database = this.#database;
    const run = selectOne(database, runRow, 'SELECT number FROM runs WHERE id = ?', id)?.number;
    if (run === undefined) return [];
    if (known === undefined && !isLonger(database, run, metric, maxPoints)) {
      return selectAll(database, pointRow, `SELECT step, value, time ${FROM_SERIES} ORDER BY step`, run, metric);
    }
    // One look at the store: a run that is taken up again meanwhile loses points.
    const read = database.transaction(() => thinOut(database, run, metric, Math.floor(maxPoints), known));
    const { points, series } = read();
    this.#known.set(key, series);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    return points;
  }
}

function isLonger(database: Database, run: number, metric: string, maxPoints: number): boolean {
  if (!Number.isFinite(maxPoints)) return false;
  const beyond = database.prepare(`SELECT 1 ${FROM_SERIES} LIMIT 1 OFFSET ?`);
  return beyond.get(run, metric, Math.floor(maxPoints)) !== undefined;
}

/** Reads the values of one stretch after the other: nothing is sorted, and of the points only those that are kept are made. */
function thinOut(database: Database, run: number, metric: string, maxPoints: number, before?: KnownSeries) {
  const inOrder = `SELECT step, value, time ${FROM_SERIES} ORDER BY step`;
  const first = selectOne(database, pointRow, `${inOrder} LIMIT 1`, run, metric);
  const last = selectOne(database, pointRow, `${inOrder} DESC LIMIT 1`, run, metric);
  if (first === null || last === null)
    return { points: [], series: { width: 1, stretches: new Map(), last: NO_POINT } };

  const most = Math.floor((maxPoints - 2) / 2);
  let width = 1;
  while (Math.floor(last.step / width) - Math.floor(first.step / width) >= most) width *= 2;
  const isKnown =
    before?.width === width && isDeepStrictEqual(pointAt(database, run, metric, before.last.step), before.last);
  const stretches = isKnown ? before.stretches : new Map<number, readonly MetricPoint[]>();
  const oldest = Math.floor(first.step / width);
  const newest = Math.floor(last.step / width);
  const extremes = prepareExtremes(database, run, metric);
  const fresh = new Map<number, readonly number[]>();
  for (let stretch = oldest; stretch <= newest; stretch++)
    if (!stretches.has(stretch)) fresh.set(stretch, extremes(stretch * width, (stretch + 1) * width));
  const pointOf = readPoints(database, run, metric, [...fresh.values()].flat());

  const points = [first];
  for (let stretch = oldest; stretch <= newest; stretch++) {
    const kept = stretches.get(stretch) ?? fresh.get(stretch)?.flatMap((step) => pointOf.get(step) ?? []) ?? [];
    if (stretch < newest) stretches.set(stretch, kept); // the newest may still get points
    for (const point of kept) if (point.step > first.step && point.step < last.step) points.push(point);
  }
  if (last.step > first.step) points.push(last);
  return { points, series: { width, stretches, last } };
}

const NO_POINT: MetricPoint = { step: -1, value: null, time: 0 };

function pointAt(database: Database, run: number, metric: string, step: number): MetricPoint | null {
  return selectOne(database, pointRow, `SELECT step, value, time ${FROM_SERIES} AND step = ?`, run, metric, step);
}

/** Gives the points at these steps, by their step. All at once: that is a quarter of the time of one after the other. */
function readPoints(database: Database, run: number, metric: string, steps: readonly number[]) {
  const sql = `SELECT step, value, time ${FROM_SERIES} AND step IN (SELECT value FROM json_each(?))`;
  return new Map(selectAll(database, pointRow, sql, run, metric, JSON.stringify(steps)).map((row) => [row.step, row]));
}

/** Gives a function that finds the extremes of a stretch `from <= step < to`: their steps, the smaller first. */
function prepareExtremes(database: Database, run: number, metric: string): (from: number, to: number) => number[] {
  const inStretch = `${FROM_SERIES} AND step >= ? AND step < ? ORDER BY step`;
  // Values alone are read in three fifths of the time that SQLite takes for min() and max() with their rows.
  const values = database.prepare(`SELECT value ${inStretch}`).pluck();
  const steps = database.prepare(`SELECT step ${inStretch}`).pluck();
  return (from, to) => {
    const found = values.all(run, metric, from, to);
    if (found.length === 0) return [];
    const stepsFound = found.length === to - from ? null : steps.all(run, metric, from, to);
    const places = [...new Set(extremesAmong(found))].sort((a, b) => a - b);
    return places.map((place) => (stepsFound === null ? from + place : Number(stepsFound[place])));
  };
}

/** Gives the places of the lowest value, or the first that is no number, and of the highest, of one value or more. */
function extremesAmong(values: readonly unknown[]): readonly [number, number] {
  let [notFinite, lowest, highest] = [-1, -1, -1];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (typeof value !== 'number') {
      if (notFinite < 0) notFinite = index;
      continue;
    }
    if (value < low) [low, lowest] = [value, index];
    if (value > high) [high, highest] = [value, index];
  }
  const first = notFinite < 0 ? lowest : notFinite;
  return [first, highest < 0 ? first : highest];
}
