/**
 * The form of a new run: values as text, checked on every key. Fields come from the table of experiment fields, so the
 * form knows whatever the experiment file knows.
 */
import { checkField, fieldText } from '../../engine/config/check-values.ts';
import { type ExperimentField, experimentFields, isFieldInUse } from '../../engine/config/experiment-fields.ts';
import type { ConfigProblem } from '../../errors.ts';
import type { Preset } from '../services.ts';
import { type TextField, textFieldOf } from './text-field.ts';

export interface ExperimentForm {
  readonly presetName: string;
  /** Values of the preset, defaults filled in. */
  readonly presetValues: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string>>;
  /** Row under the cursor: a field's position among the fields listed, or one beyond for the Start row. */
  readonly cursor: number;
  /** Words that the label or path of a listed field contains. */
  readonly filter: TextField;
  /** The filter is being typed. */
  readonly isFiltering: boolean;
  /** Only fields that differ from the preset are listed. */
  readonly showsChangedOnly: boolean;
  /** The name of the file to write, while it is typed. */
  readonly fileName: TextField | null;
  /** The text being edited, null while moving. */
  readonly editing: TextField | null;
  /** Problems of the experiment as a whole, from the last check. */
  readonly problems: readonly ConfigProblem[];
  /** A start was refused: all problems are listed until a value changes. */
  readonly wasRefused: boolean;
  /** A start is under way: no second one is begun. */
  readonly isStarting: boolean;
}

/** The form filled from a preset. */
export function formFromPreset(preset: Preset): ExperimentForm {
  const defaults: Readonly<Record<string, string>> = Object.fromEntries(
    experimentFields.map((field) => [field.path, fieldText(field.default)]),
  );
  // A stored run also has settings that are no fields, such as the absence of a validation corpus.
  const known = Object.entries(preset.values).filter(([path]) => path in defaults);
  const presetValues = { ...defaults, ...Object.fromEntries(known) };
  return {
    presetName: preset.name,
    presetValues,
    values: presetValues,
    cursor: 0,
    filter: textFieldOf(''),
    isFiltering: false,
    showsChangedOnly: false,
    fileName: null,
    editing: null,
    problems: [],
    wasRefused: false,
    isStarting: false,
  };
}

/** Fields that have a meaning with these values, in order: those of other corpus formats are left out. */
export function fieldsInUse(form: ExperimentForm): readonly ExperimentField[] {
  return experimentFields.filter((field) =>
    isFieldInUse(field, (corpus) => form.values[`${corpus}.format`]?.trim() || null),
  );
}

/** The fields in use that the filter, and the wish to see only changes, leave. */
export function listedFields(form: ExperimentForm): readonly ExperimentField[] {
  if (!isNarrowed(form)) return fieldsInUse(form);
  const words = form.filter.text.toLowerCase().split(/\s+/);
  return fieldsInUse(form).filter(({ path, label }) => {
    const text = `${label} ${path}`.toLowerCase();
    const hasChanged = form.values[path] !== form.presetValues[path];
    return words.every((word) => text.includes(word)) && (hasChanged || !form.showsChangedOnly);
  });
}

/** Whether fields in use are left out of the list. */
export function isNarrowed(form: ExperimentForm): boolean {
  return form.filter.text !== '' || form.showsChangedOnly;
}

/** The form with other fields listed; the cursor stays on its field, or goes to the first when that is left out. */
export function withListing(
  form: ExperimentForm,
  listing: Partial<Pick<ExperimentForm, 'filter' | 'isFiltering' | 'showsChangedOnly'>>,
): ExperimentForm {
  const focused = focusedField(form)?.path;
  const next = { ...form, ...listing };
  const cursor = listedFields(next).findIndex(({ path }) => path === focused);
  return { ...next, cursor: Math.max(0, cursor) };
}

/** The form with the cursor on the first row of the next section, or of this one and the one before; Start is the last. */
export function toSection(form: ExperimentForm, direction: 'next' | 'previous'): ExperimentForm {
  const fields = listedFields(form);
  const starts = fields.flatMap(({ group }, index) => (group === fields[index - 1]?.group ? [] : [index]));
  const rows = [...starts, fields.length];
  const found =
    direction === 'next' ? rows.find((row) => row > form.cursor) : rows.findLast((row) => row < form.cursor);
  return { ...form, cursor: found ?? (direction === 'next' ? 0 : fields.length) };
}

/** The field under the cursor, null on the Start row. */
export function focusedField(form: ExperimentForm): ExperimentField | null {
  return listedFields(form)[form.cursor] ?? null;
}

/** The value of a field as it is shown: while it is edited, what is typed. */
export function shownValue(form: ExperimentForm, path: string): string {
  if (form.editing !== null && focusedField(form)?.path === path) return form.editing.text;
  return form.values[path] ?? '';
}

/** What is wrong with a field: with its text by itself, or else with its place in the whole; null when nothing is. */
export function fieldProblem(form: ExperimentForm, field: ExperimentField): string | null {
  const value = shownValue(form, field.path);
  if (value === '' && field.isRequired) return 'is required';
  return checkField(field.path, value) ?? form.problems.find(({ path }) => path === field.path)?.message ?? null;
}

/** Every problem of the form, those of fields in the order of the fields. */
export function formProblems(form: ExperimentForm): readonly ConfigProblem[] {
  const fields = fieldsInUse(form);
  const ofFields = fields.flatMap((field) => {
    const message = fieldProblem(form, field);
    return message === null ? [] : [{ path: field.path, message }];
  });
  const shown = new Set<string>(fields.map(({ path }) => path));
  return [...ofFields, ...form.problems.filter(({ path }) => !shown.has(path))];
}

/** Whether the field differs from the preset. */
export function isChanged(form: ExperimentForm, path: string): boolean {
  return shownValue(form, path) !== form.presetValues[path];
}

/** Paths of all fields that differ from the preset. */
export function changedPaths(form: ExperimentForm): readonly string[] {
  return fieldsInUse(form).flatMap(({ path }) => (isChanged(form, path) ? [path] : []));
}

/** Whether leaving the form would lose something, fields of a corpus format that is not chosen any more included. */
export function isEdited(form: ExperimentForm): boolean {
  return Object.entries(form.values).some(([path, text]) => text !== form.presetValues[path]);
}

/** The form with a new value; the cursor stays on its field even when fields come and go. */
export function withValue(form: ExperimentForm, path: string, text: string): ExperimentForm {
  const focused = focusedField(form)?.path;
  const next = { ...form, values: { ...form.values, [path]: text }, wasRefused: false };
  const fields = listedFields(next);
  const cursor = fields.findIndex((field) => field.path === focused);
  return { ...next, cursor: cursor < 0 ? Math.min(form.cursor, fields.length) : cursor };
}

/** The form with the focused field open for writing; the form itself on the Start row. */
export function beginEditing(form: ExperimentForm): ExperimentForm {
  const field = focusedField(form);
  return field === null ? form : { ...form, editing: textFieldOf(form.values[field.path] ?? '') };
}

/** The form with the typed text taken over, whether or not it is valid: a problem is shown, never hidden. */
export function acceptEdit(form: ExperimentForm): ExperimentForm {
  const field = focusedField(form);
  if (field === null || form.editing === null) return form;
  return { ...withValue(form, field.path, form.editing.text), editing: null };
}

/** The form with the focused choice or switch moved by `offset` values, round the corner; itself for other fields. */
export function cycleChoice(form: ExperimentForm, offset: 1 | -1): ExperimentForm {
  const field = focusedField(form);
  const choices = field === null ? [] : choicesOf(field);
  if (field === null || choices.length === 0) return form;
  const current = choices.indexOf(form.values[field.path] ?? '');
  const next = current < 0 ? 0 : (current + offset + choices.length) % choices.length;
  return withValue(form, field.path, choices[next] ?? '');
}

/** Allowed texts of a field, empty where anything may be written; the empty text stands for no value. */
export function choicesOf(field: ExperimentField): readonly string[] {
  const choices = field.kind === 'boolean' ? ['true', 'false'] : field.kind === 'choice' ? (field.choices ?? []) : [];
  return choices.length > 0 && field.isNullable ? ['', ...choices] : choices;
}

/** The form with the cursor on the next field that has a problem, round the corner; itself when there is none. */
export function toNextProblem(narrowed: ExperimentForm): ExperimentForm {
  // A problem may be in a field that is left out.
  const form = isNarrowed(narrowed)
    ? withListing(narrowed, { filter: textFieldOf(''), showsChangedOnly: false })
    : narrowed;
  const fields = listedFields(form);
  const order = fields.map((_, index) => (form.cursor + 1 + index) % (fields.length + 1));
  const found = [...order, form.cursor].find((index) => {
    const field = fields[index];
    return field !== undefined && fieldProblem(form, field) !== null;
  });
  return found === undefined ? narrowed : { ...form, cursor: found };
}
