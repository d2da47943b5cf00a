/** A rule that holds between fields. */
import type { FieldPath } from './experiment-fields.ts';
import type { FieldValue } from './field.ts';

export interface CrossProblem {
  /** The field to change. */
  readonly path: FieldPath;
  readonly message: string;
}

/** Sound values only: a field with a problem of its own is absent. */
export type Values = ReadonlyMap<FieldPath, FieldValue>;

export type CrossCheck = (values: Values, isGiven: (path: FieldPath) => boolean) => CrossProblem | null;
