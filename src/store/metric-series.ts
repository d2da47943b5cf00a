/** Reads metric series, thinned out for a chart in such a way that no peak, no end and no NaN is lost. */
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

/**
 * Gives back a series by rising step.
 * @param maxPoints  4 or more: the series is cut into stretches of steps, and each keeps its lowest and highest value
 *                   (its first NaN in place of the lowest); the first and last point stay. Infinity gives every point.
 */
export function metricSeries(database: Database, id: string, metric: string, maxPoints: number): MetricPoint[] {
  if (!(maxPoints >= 4)) throw new RangeError(`maxPoints is ${maxPoints}; expected 4 or more`);
  const limit = Number.isFinite(maxPoints) ? Math.floor(maxPoints) + 1 : -1;
  const sql = `SELECT step, value, time ${FROM_SERIES} ORDER BY step LIMIT ?`;
  const start = selectAll(database, pointRow, sql, id, metric, limit);
  return start.length > maxPoints ? thinOut(database, id, metric, Math.floor(maxPoints)) : start;
}

/** One range read for each extreme of each stretch: nothing is sorted and few rows leave SQLite. */
function thinOut(database: Database, id: string, metric: string, maxPoints: number): MetricPoint[] {
  const end = (order: string) =>
    selectOne(database, pointRow, `SELECT step, value, time ${FROM_SERIES} ORDER BY step ${order} LIMIT 1`, id, metric);
  const first = end('ASC');
  const last = end('DESC');
  if (first === null || last === null) return [];

  // In SQLite the columns beside a lone min() or max() are those of the row that holds it.
  const inStretch = `${FROM_SERIES} AND step >= ? AND step < ?`;
  const lowest = database.prepare(
    `SELECT step, min(value) AS value, time, count(*) > count(value) AS hasNaN ${inStretch}`,
  );
  const highest = database.prepare(`SELECT step, max(value) AS value, time ${inStretch}`);
  const notFinite = database.prepare(`SELECT step, value, time ${inStretch} AND value IS NULL ORDER BY step LIMIT 1`);
  const extremeRow = z.object({ step: z.number().nullable(), hasNaN: z.number().optional() });

  const kept = new Map<number, MetricPoint>([[first.step, first]]);
  const keep = (row: unknown) => {
    if (row === undefined || extremeRow.parse(row).step === null) return;
    const point = pointRow.parse(row);
    kept.set(point.step, point);
  };
  const stretches = Math.floor((maxPoints - 2) / 2);
  const width = (last.step + 1 - first.step) / stretches;
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = first.step + Math.round(stretch * width);
    const to = first.step + Math.round((stretch + 1) * width);
    const low = lowest.get(id, metric, from, to);
    keep(extremeRow.parse(low).hasNaN === 1 ? notFinite.get(id, metric, from, to) : low);
    keep(highest.get(id, metric, from, to));
  }
  kept.set(last.step, last);
  return [...kept.values()].sort((a, b) => a.step - b.step);
}
