/** Turns what was given into the value of every field in use, or into the list of all that is wrong. */
import type { ConfigProblem } from '../../errors.ts';
import { crossChecks } from './cross-checks.ts';
import { corpusPaths, experimentFields, type FieldPath, isFieldInUse } from './experiment-fields.ts';
import type { FieldValue } from './field.ts';
import type { GivenFields } from './given-fields.ts';
import { expected } from './read-field-value.ts';

export interface CheckedFields {
  /** One value for each field in use whose value is sound. */
  readonly values: ReadonlyMap<FieldPath, FieldValue>;
  /** Empty when the experiment can run. */
  readonly problems: readonly ConfigProblem[];
}

const DEFAULT_VALIDATION_SIZE = 0.1;

/** Checks all fields, each for itself and then against each other, and fills in the defaults. */
export function checkFields({ fields, problems: earlier }: GivenFields): CheckedFields {
  const problems = [...earlier];
  const values = new Map<FieldPath, FieldValue>();
  const formatOf = (corpus: string) => {
    const reading = fields.get(`${corpus}.format` as FieldPath)?.reading;
    return reading?.isValid && typeof reading.value === 'string' ? reading.value : null;
  };
  for (const field of experimentFields) {
    const given = fields.get(field.path);
    if (given !== undefined && !given.reading.isValid) {
      problems.push({ path: field.path, message: given.reading.message + given.where });
    } else if (!isFieldInUse(field, formatOf)) {
      if (given === undefined) continue;
      const message = describeUnusedField(field.path, formatOf, fields);
      if (message !== null) problems.push({ path: field.path, message: message + given.where });
    } else if (given?.reading.isValid) {
      values.set(field.path, given.reading.value);
    } else if (field.isRequired) {
      problems.push({ path: field.path, message: `is missing; expected ${expected(field)}` });
    } else {
      values.set(field.path, field.default);
    }
  }
  holdOutDefaultShare(values);
  for (const check of crossChecks) {
    const problem = check(values, (path) => fields.has(path));
    if (problem !== null) {
      problems.push({ path: problem.path, message: problem.message + (fields.get(problem.path)?.where ?? '') });
    }
  }
  return { values, problems };
}

/** Null when nothing can be said because the format itself is wrong or a form merely carries an empty input along. */
function describeUnusedField(
  path: FieldPath,
  formatOf: (corpus: string) => string | null,
  fields: GivenFields['fields'],
): string | null {
  const corpus = corpusPaths.find((prefix) => path.startsWith(`${prefix}.`)) ?? 'data.corpus';
  const formatReading = fields.get(`${corpus}.format`)?.reading;
  if (formatReading !== undefined && !formatReading.isValid) return null;
  const format = formatOf(corpus);
  if (format === null) return corpus === 'data.corpus' ? null : `has no meaning without ${corpus}.format`;
  const known = experimentFields
    .filter((field) => field.path.startsWith(`${corpus}.`) && field.formats?.includes(format))
    .map((field) => field.path.slice(corpus.length + 1));
  const has = known.length === 0 ? 'no other fields' : `the fields ${known.join(', ')}`;
  return `does not belong to format ${format}, which has ${has}`;
}

function holdOutDefaultShare(values: Map<FieldPath, FieldValue>): void {
  const isSplit = values.get('data.validation_corpus.format') === null;
  if (isSplit && values.get('data.train_size') === null && values.get('data.validation_size') === null) {
    values.set('data.validation_size', DEFAULT_VALIDATION_SIZE);
  }
}
