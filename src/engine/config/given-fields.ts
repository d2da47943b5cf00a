/**
 * What somebody gave for an experiment, field by field, before it is known whether the whole makes sense.
 * Files, `--set` and forms all become this; `check-fields.ts` goes on from here.
 */
import type { ConfigProblem } from '../../errors.ts';
import { experimentFields, type FieldPath, findField, sectionPaths } from './experiment-fields.ts';
import { type FieldReading, readFieldText } from './read-field-value.ts';
import { describeUnknownField } from './unknown-field.ts';

export interface GivenField {
  readonly reading: FieldReading;
  /** Where it was given, to follow a message: ` (line 12)`, ` (--set)`, ` (--device)` or nothing. */
  readonly where: string;
  /** Folder that a relative path starts from. */
  readonly directory: string;
}

export interface GivenFields {
  readonly fields: Map<FieldPath, GivenField>;
  readonly problems: ConfigProblem[];
}

/** Adds one value given as text; a path that is no field becomes a problem. */
export function giveText(given: GivenFields, path: string, text: string, where: string, directory: string): void {
  const field = findField(path);
  if (field !== undefined) {
    given.fields.set(field.path, { reading: readFieldText(field, text), where, directory });
  } else if (sectionPaths.has(path)) {
    giveSectionText(given, path, text, where);
  } else {
    given.problems.push({ path, message: describeUnknownField(path, nearestSection(path)) + where });
  }
}

/** A section cannot be given as text, but an optional one can be taken away: `data.validation_corpus=null`. */
function giveSectionText(given: GivenFields, path: string, text: string, where: string): void {
  const isNothing = text.trim() === '' || text.trim() === 'null';
  if (path !== 'data.validation_corpus' || !isNothing) {
    given.problems.push({
      path,
      message: `is a section; set one of its fields, such as ${firstFieldOf(path)}${where}`,
    });
    return;
  }
  for (const key of [...given.fields.keys()]) if (key.startsWith(`${path}.`)) given.fields.delete(key);
}

function firstFieldOf(section: string): string {
  const first = experimentFields.find(({ path }) => path.startsWith(`${section}.`));
  return first?.path ?? section;
}

/** The longest known section that a path starts with, '' when none. */
function nearestSection(path: string): string {
  const parts = path.split('.');
  for (let length = parts.length - 1; length > 0; length--) {
    const section = parts.slice(0, length).join('.');
    if (sectionPaths.has(section)) return section;
  }
  return '';
}
