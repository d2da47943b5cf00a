/** Checks one value of one field, as a YAML value or as the text of a form or of `--set`. */
import type { FieldDescription, FieldValue } from './field.ts';

export type FieldReading =
  | { readonly isValid: true; readonly value: FieldValue }
  | { readonly isValid: false; readonly message: string };

/**
 * Checks a value as YAML or JSON gives it.
 *
 * @param value  anything; not undefined, which means that the field is not given
 */
export function readFieldValue(field: FieldDescription, value: unknown): FieldReading {
  if (value === null) return field.isNullable ? valid(null) : invalid(`has no value; expected ${expected(field)}`);
  switch (field.kind) {
    case 'number':
    case 'integer':
      return readNumber(field, value);
    case 'boolean':
      return typeof value === 'boolean' ? valid(value) : wrongType(field, value);
    case 'choice':
      return readChoice(field, value);
    case 'text':
    case 'path':
      return readText(field, value);
  }
  return field.kind satisfies never;
}

/**
 * Checks a value as somebody typed it. Nothing or `null` is no value, where the field may have none.
 *
 * @param text  text of a form's input or what stands behind the `=` of `--set`
 */
export function readFieldText(field: FieldDescription, text: string): FieldReading {
  const word = text.trim();
  if (field.isNullable && (word === '' || word === 'null')) return valid(null);
  switch (field.kind) {
    case 'number':
    case 'integer':
      if (word === '') return invalid(`is empty; expected ${expected(field)}`);
      return readNumber(field, decimalNumber.test(word) ? Number(word) : text);
    case 'boolean':
      return readFieldValue(field, word === 'true' ? true : word === 'false' ? false : text);
    case 'choice':
      return readChoice(field, word);
    case 'path':
      return readText(field, word);
    case 'text':
      return readText(field, text);
  }
  return field.kind satisfies never;
}

/** Says in words what a field takes: `a whole number, 1 or more`. */
export function expected(field: FieldDescription): string {
  const orNothing = field.isNullable ? ' or nothing (null)' : '';
  switch (field.kind) {
    case 'number':
    case 'integer': {
      const noun = field.kind === 'integer' ? 'a whole number' : 'a number';
      return `${noun}${describeRange(field)}${orNothing}`;
    }
    case 'boolean':
      return `true or false${orNothing}`;
    case 'choice':
      return `one of ${(field.choices ?? []).join(', ')}${orNothing}`;
    case 'path':
      return `a path${orNothing}`;
    case 'text':
      return `${field.pattern?.expected ?? 'text'}${orNothing}`;
  }
  return field.kind satisfies never;
}

/** Writes a value as messages quote it. */
export function quote(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return String(value);
}

/** What YAML 1.2's core schema reads as a decimal number: 2e-5 is one, 1_000 is not. */
const decimalNumber = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;

function readNumber(field: FieldDescription, value: unknown): FieldReading {
  if (typeof value !== 'number') return wrongType(field, value);
  const isInRange =
    (field.min === null || (field.excludesMin ? value > field.min : value >= field.min)) &&
    (field.max === null || (field.excludesMax ? value < field.max : value <= field.max));
  const isWhole = field.kind === 'number' || Number.isSafeInteger(value);
  return Number.isFinite(value) && isWhole && isInRange ? valid(value) : wrongType(field, value);
}

function readChoice(field: FieldDescription, value: unknown): FieldReading {
  const word = typeof value === 'boolean' ? String(value) : value;
  if (typeof word !== 'string' || !(field.choices ?? []).includes(word)) return wrongType(field, value);
  return valid(word === 'true' ? true : word === 'false' ? false : word);
}

function readText(field: FieldDescription, value: unknown): FieldReading {
  if (typeof value === 'number' || typeof value === 'boolean') {
    return invalid(`is ${quote(value)}; expected ${expected(field)}, so put it in quotes`);
  }
  if (typeof value !== 'string') return wrongType(field, value);
  if (value === '' && (field.isRequired || field.isNullable)) {
    return invalid(`is empty; expected ${expected(field)}`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come in.
  if (/[\u0000-\u001f\u007f-\u009f]/.test(value)) return invalid('holds a line break or control character');
  const { length } = [...value]; // as a JSON schema counts
  if (field.maxLength !== null && length > field.maxLength) {
    return invalid(`has ${length} characters; expected at most ${field.maxLength}`);
  }
  if (value !== '' && field.pattern !== null && !field.pattern.expression.test(value)) return wrongType(field, value);
  return valid(value);
}

/** What follows the noun, with what parts it from it: ` from 0 to 1`, ` above 0`, `, 1 or more`. */
function describeRange({ min, max, excludesMin, excludesMax }: FieldDescription): string {
  if (min !== null && max !== null && !excludesMin && !excludesMax) return ` from ${min} to ${max}`;
  if (max === null) return min === null ? '' : excludesMin ? ` above ${min}` : `, ${min} or more`;
  const high = excludesMax ? `below ${max}` : `at most ${max}`;
  return min === null ? `, ${high}` : ` ${excludesMin ? 'above' : 'from'} ${min}, ${high}`;
}

function wrongType(field: FieldDescription, value: unknown): FieldReading {
  const number = field.kind === 'number' || field.kind === 'integer';
  const cure = number && typeof value === 'string' && decimalNumber.test(value.trim()) ? ', without quotes' : '';
  return invalid(`is ${quote(value)}; expected ${expected(field)}${cure}`);
}

function valid(value: FieldValue): FieldReading {
  return { isValid: true, value };
}

function invalid(message: string): FieldReading {
  return { isValid: false, message };
}
