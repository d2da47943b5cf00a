/**
 * The experiment as a form sees it: dotted field paths to the text of their values. Touches no file, so a screen may
 * check as its user types; `experiment-from-values.ts` makes the experiment.
 */
import type { ConfigProblem } from '../../errors.ts';
import { checkFields } from './check-fields.ts';
import type { Experiment } from './experiment.ts';
import { experimentFields, findField, isFieldInUse } from './experiment-fields.ts';
import type { FieldValue } from './field.ts';
import { type GivenFields, giveText } from './given-fields.ts';
import { readFieldText } from './read-field-value.ts';

export type FormValues = Readonly<Record<string, string>>;

/** Lists all problems of a form's values; none when they make an experiment. */
export function checkValues(values: FormValues): readonly ConfigProblem[] {
  return checkFields(giveValues(values, '')).problems;
}

/** Gives the text of every field of an experiment that is in use; nothing for null. */
export function valuesFromExperiment(experiment: Experiment): Record<string, string> {
  const formatOf = (corpus: string) => {
    const format = valueAt(experiment, `${corpus}.format`);
    return typeof format === 'string' ? format : null;
  };
  return Object.fromEntries(
    experimentFields
      .filter((field) => isFieldInUse(field, formatOf))
      .map((field) => [field.path, fieldText(valueAt(experiment, field.path))]),
  );
}

/**
 * Checks one input as it is typed.
 *
 * @returns what is wrong with it, or null
 */
export function checkField(path: string, text: string): string | null {
  const field = findField(path);
  if (field === undefined) return 'unknown field';
  const reading = readFieldText(field, text);
  return reading.isValid ? null : reading.message;
}

/** Writes a value as a person would: 2e-5 rather than 0.00002, nothing for null. */
export function fieldText(value: FieldValue): string {
  if (value === null) return '';
  if (typeof value === 'number' && value !== 0 && Math.abs(value) < 1e-3) return value.toExponential();
  return String(value);
}

/** Gives the value at a dotted path of an experiment; null where a corpus is absent. */
export function valueAt(experiment: Experiment, path: string): FieldValue {
  let value: unknown = experiment;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return null;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/**
 * Collects the values of a form. Inputs that the chosen corpus formats do not use are passed over: a form keeps them
 * while its user changes formats.
 */
export function giveValues(values: FormValues, directory: string): GivenFields {
  const given: GivenFields = { fields: new Map(), problems: [] };
  const formatOf = (corpus: string) => values[`${corpus}.format`]?.trim() || null;
  for (const [path, text] of Object.entries(values)) {
    const field = findField(path);
    if (field === undefined || isFieldInUse(field, formatOf)) giveText(given, path, text, '', directory);
  }
  return given;
}
