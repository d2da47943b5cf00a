/** Queries whose rows are checked once, here, on their way out of SQLite; everything behind works with typed rows. */
import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import { StoreError } from '../errors.ts';

export type BoundValue = string | number | null;

/** Gives back all rows of a query. @throws {StoreError} when a row is not what the schema says */
export function selectAll<T>(database: Database, row: z.ZodType<T>, sql: string, ...values: BoundValue[]): T[] {
  return database
    .prepare(sql)
    .all(...values)
    .map((found) => checkRow(row, found));
}

/** Gives back the first row of a query, or null. @throws {StoreError} when it is not what the schema says */
export function selectOne<T>(database: Database, row: z.ZodType<T>, sql: string, ...values: BoundValue[]): T | null {
  const found = database.prepare(sql).get(...values);
  return found === undefined ? null : checkRow(row, found);
}

function checkRow<T>(row: z.ZodType<T>, found: unknown): T {
  const result = row.safeParse(found);
  if (result.success) return result.data;
  throw new StoreError(`A row of the store is not as expected: ${z.prettifyError(result.error)}`, {
    hint: 'Was the file changed by another program? Restore a copy of it.',
    cause: result.error,
  });
}

/** A column holding JSON text, read as `value`. */
export function jsonColumn<T>(value: z.ZodType<T>): z.ZodType<T> {
  const text = z.string().transform((json, context): unknown => {
    try {
      return JSON.parse(json);
    } catch {
      context.addIssue({ code: 'custom', message: 'is not JSON' });
      return z.NEVER;
    }
  });
  return text.pipe(value);
}

/** A column holding 0, 1 or NULL. */
export const flagColumn = z
  .number()
  .nullable()
  .transform((flag) => (flag === null ? null : flag !== 0));
