/** Copies the rows of a run from one database to another, as far as they can be read: what is there already stays. */
import type { Database, Statement } from 'better-sqlite3';
import * as z from 'zod';

/** In this order: a row comes after those it refers to. Evaluations and what compares them are copied apart, by new keys. */
const TABLES = [
  'run_details',
  'parameters',
  'metric_points',
  'sentences',
  'hypotheses',
  'samples',
  'checkpoints',
  'line_problems',
  'events',
] as const;

type Row = Readonly<Record<string, unknown>>;

/** What a row says of a run: its key, its last event, when it was made (milliseconds since 1970). */
export interface ReadableRun {
  readonly number: number;
  readonly lastSeq: number;
  readonly createdAt: number;
}

/** Gives back the runs that can be read, by id. */
export function readableRuns(database: Database): Map<string, ReadableRun> {
  const runs = new Map<string, ReadableRun>();
  const row = z.object({ number: z.number(), id: z.string(), lastSeq: z.number(), createdAt: z.number() });
  const sql = 'SELECT number, id, last_seq AS lastSeq, created_at AS createdAt FROM runs';
  for (const found of readableRows(database, sql, 'number')) {
    const parsed = row.safeParse(found);
    if (parsed.success) runs.set(parsed.data.id, parsed.data);
  }
  return runs;
}

/**
 * Copies the run `number` of `from`; a run with its id that is in `to` gets the rows it lacks.
 *
 * @returns whether the run is in `to` now, and whether all of its rows could be read
 */
export function copyRun(
  from: Database,
  to: Database,
  number: number,
  id: string,
): { isThere: boolean; isWhole: boolean } {
  const copy = to.transaction(() => {
    let isWhole = true;
    const broken = () => {
      isWhole = false;
    };
    const keyOf = () => to.prepare('SELECT number FROM runs WHERE id = ?').pluck().get(id);
    if (keyOf() === undefined) {
      const rows = [...readableRows(from, `SELECT * FROM runs WHERE number = ${number}`, 'number', broken)];
      const details = [...readableRows(from, `SELECT * FROM run_details WHERE run = ${number}`, 'run', broken)];
      const [run] = rows;
      if (run === undefined || details.length === 0) return { isThere: false, isWhole: false };
      prepareInsert(to, 'runs')({ ...run, number: null });
    }
    const key = Number(keyOf());
    for (const table of TABLES) {
      const insert = prepareInsert(to, table);
      const rows = readableRows(from, `SELECT * FROM ${table} WHERE run = ${number}`, orderOf(to, table), broken);
      for (const row of rows) insert({ ...row, run: key });
    }
    copyEvaluations(from, to, number, key, broken);
    return { isThere: true, isWhole };
  });
  return copy.immediate();
}

/**
 * Puts the only run of the database that is attached as `side`, which is whole and of this version, in the place of the one
 * of the same id, whose key it gets, or adds it. The caller holds the transaction.
 */
export function replaceRun(database: Database, id: string): void {
  const pluck = (sql: string) => database.prepare(sql).pluck();
  const old = pluck('SELECT number FROM main.runs WHERE id = ?').get(id);
  const key = old ?? pluck('SELECT coalesce(max(number), 0) + 1 FROM main.runs').get();
  database.prepare('DELETE FROM main.runs WHERE id = ?').run(id);
  const offset = pluck('SELECT coalesce(max(id), 0) FROM main.evaluations').get();
  for (const table of ['runs', ...TABLES, 'evaluations', 'comparisons']) {
    const columns = pluck(`SELECT name FROM pragma_table_info('${table}')`).all().map(String);
    const places = columns.map((name) => NEW_KEYS[`${table}.${name}`] ?? (name === 'run' ? '@key' : name)).join(', ');
    database
      .prepare(`INSERT INTO main.${table} (${columns.join(', ')}) SELECT ${places} FROM side.${table}`)
      .run({ key, offset });
  }
}

const NEW_KEYS: Readonly<Record<string, string>> = {
  'runs.number': '@key',
  'evaluations.id': 'id + @offset',
  'comparisons.before_evaluation': 'before_evaluation + @offset',
  'comparisons.after_evaluation': 'after_evaluation + @offset',
};

/** Evaluations get a key of their own in `to`, which the before/after record names. */
function copyEvaluations(from: Database, to: Database, number: number, key: number, broken: () => void): void {
  const keys = new Map<unknown, unknown>();
  const [insertEvaluation, insertComparison] = [prepareInsert(to, 'evaluations'), prepareInsert(to, 'comparisons')];
  const find = to.prepare('SELECT id FROM evaluations WHERE run = ? AND stage = ? AND step = ?').pluck();
  for (const row of readableRows(from, `SELECT * FROM evaluations WHERE run = ${number}`, 'stage, step', broken)) {
    insertEvaluation({ ...row, id: null, run: key });
    keys.set(row.id, find.get(key, row.stage, row.step));
  }
  for (const row of readableRows(from, `SELECT * FROM comparisons WHERE run = ${number}`, 'run', broken)) {
    const before_evaluation = keys.get(row.before_evaluation);
    const after_evaluation = keys.get(row.after_evaluation);
    if (before_evaluation === undefined || after_evaluation === undefined) continue;
    insertComparison({ ...row, run: key, before_evaluation, after_evaluation });
  }
}

/** Gives rows from both ends towards the damage between them; a row may come twice. `order` are names of columns. */
function* readableRows(database: Database, sql: string, order: string, broken: () => void = () => {}): Generator<Row> {
  const forwards = yield* rowsUntilDamage(database, `${sql} ORDER BY ${order}`);
  if (forwards) return;
  broken();
  yield* rowsUntilDamage(database, `${sql} ORDER BY ${order.replaceAll(/,|$/g, ' DESC$&')}`);
}

function* rowsUntilDamage(database: Database, sql: string): Generator<Row, boolean> {
  try {
    for (const row of database.prepare(sql).iterate()) yield row as Row;
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^SQLITE_/.test(String(error.code))) return false;
    throw error;
  }
}

/** Names the key of a table after `run`, so that rows are read in the order in which they lie. */
function orderOf(database: Database, table: string): string {
  const column = z.object({ name: z.string(), pk: z.number() });
  const columns = z.array(column).parse(database.pragma(`table_info(${table})`));
  const key = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
  return key.map(({ name }) => name).join(', ');
}

/** A row that breaks a rule of the table was damaged; older versions of the store lack columns, which get their defaults. */
function prepareInsert(database: Database, table: string): (row: Row) => void {
  const known = new Set(database.prepare(`SELECT name FROM pragma_table_info('${table}')`).pluck().all());
  let statement: Statement | null = null; // all rows of a table have the same columns
  return (row) => {
    const columns = Object.keys(row).filter((name) => known.has(name));
    const places = columns.map((name) => `@${name}`).join(', ');
    statement ??= database.prepare(`INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${places})`);
    statement.run(row);
  };
}
