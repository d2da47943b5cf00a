/** The form of a new run as lines: fields by group, and below them what the focused field is about. */

import type { ExperimentField } from '../../engine/config/experiment-fields.ts';
import { expected } from '../../engine/config/read-field-value.ts';
import {
  changedPaths,
  choicesOf,
  type ExperimentForm,
  fieldProblem,
  focusedField,
  formProblems,
  isChanged,
  listedFields,
  shownValue,
} from '../state/experiment-form.ts';
import { FORM_HELP_ROWS } from '../state/layout.ts';
import { windowAround } from '../state/list-position.ts';
import { editSpans } from '../text/edit-spans.ts';
import { wrapText } from '../text/fit-text.ts';
import { cell, EMPTY_LINE, type RichLine, type Span, span } from '../text/rich-line.ts';
import type { Theme } from '../theme.ts';
import { headingLine, pointerSpan } from './heading.ts';

const LABEL_WIDTH = 26;

/** Exactly `height` lines. */
export function formLines(form: ExperimentForm, width: number, height: number, theme: Theme): RichLine[] {
  const isRefused = form.wasRefused && focusedField(form) === null;
  const foot = isRefused ? refusalLines(form, width, theme) : focusLines(form, width, theme);
  // A list of problems may take more room than a field's words: it is what is being looked at.
  const footHeight = isRefused
    ? Math.min(Math.max(FORM_HELP_ROWS, foot.length + 1), Math.floor(height * 0.75))
    : FORM_HELP_ROWS;
  const listHeight = Math.max(1, height - footHeight);
  const { rows, cursorRow } = formRows(form, width, theme);
  const { first, end } = windowAround(cursorRow, rows.length, listHeight);
  const shown = rows.slice(first, end);
  const filler = Array.from({ length: listHeight - shown.length + 1 }, () => EMPTY_LINE);
  return [...shown, ...filler, ...cutList(foot, footHeight - 1, theme)];
}

// A list that is too long says how much is missing.
function cutList(lines: readonly RichLine[], height: number, theme: Theme): RichLine[] {
  if (lines.length <= height) return [...lines];
  const missing = lines.length - height + 1;
  return [...lines.slice(0, height - 1), [span(`  ${theme.symbols.ellipsis} and ${missing} more`, { tone: 'muted' })]];
}

function formRows(form: ExperimentForm, width: number, theme: Theme): { rows: RichLine[]; cursorRow: number } {
  const rows: RichLine[] = [];
  let cursorRow = 0;
  let group = '';
  listedFields(form).forEach((field, index) => {
    if (field.group !== group) {
      if (group !== '') rows.push(EMPTY_LINE);
      rows.push([span(' '), ...headingLine(capitalized(field.group), width - 2, theme)]);
      group = field.group;
    }
    if (index === form.cursor) cursorRow = rows.length;
    rows.push(fieldRow(form, field, index === form.cursor, width, theme));
  });
  if (rows.length === 0) rows.push([span(`  ${noFieldText(form)} esc shows all fields.`, { tone: 'muted' })]);
  rows.push(EMPTY_LINE);
  const isOnStart = focusedField(form) === null;
  if (isOnStart) cursorRow = rows.length;
  rows.push(startRow(form, isOnStart, theme));
  return { rows, cursorRow };
}

function noFieldText({ filter }: ExperimentForm): string {
  return filter.text === '' ? 'Nothing differs from the preset.' : 'No field contains these words.';
}

function fieldRow(
  form: ExperimentForm,
  field: ExperimentField,
  isFocused: boolean,
  width: number,
  theme: Theme,
): RichLine {
  const { symbols } = theme;
  const problem = fieldProblem(form, field);
  const hasChanged = isChanged(form, field.path);
  const mark =
    problem !== null
      ? span(`${symbols.failed} `, { tone: 'bad', bold: true })
      : span(hasChanged ? `${symbols.changed} ` : '  ', { tone: 'warning' });
  return [
    pointerSpan(isFocused, theme),
    mark,
    cell(field.label, LABEL_WIDTH, isFocused ? { bold: true } : {}),
    ...valueSpans(form, field, isFocused, Math.max(10, width - LABEL_WIDTH - 20), theme),
    ...(field.unit === null ? [] : [span(` ${unitText(field.unit, shownValue(form, field.path))}`, { tone: 'muted' })]),
    ...(problem === null ? [] : [span(`  ${problem}`, { tone: 'bad' })]),
  ];
}

/** `1 batch`, `2 batches`; of `pairs or share` the one that the number means. */
function unitText(unit: string, value: string): string {
  const [count = unit, share = null] = unit.split(' or ');
  if (share !== null && value !== '') return Number(value) > 1 ? count : share;
  return Number(value) === 1 ? unit.replace(/(?<=ch)es$|s$/, '') : unit;
}

function valueSpans(
  form: ExperimentForm,
  field: ExperimentField,
  isFocused: boolean,
  width: number,
  theme: Theme,
): RichLine {
  if (isFocused && form.editing !== null) return editSpans(form.editing, width, theme);
  const value = shownValue(form, field.path);
  const style = isChanged(form, field.path) ? { tone: 'warning' as const, bold: true } : { bold: isFocused };
  const shown: Span =
    value === '' ? span(field.isNullable ? '(not set)' : '(empty)', { ...style, tone: 'muted' }) : span(value, style);
  if (!isFocused || choicesOf(field).length === 0) return [shown];
  const [left, right] = theme.isUnicode ? ['‹ ', ' ›'] : ['< ', ' >'];
  return [span(left, { tone: 'accent' }), shown, span(right, { tone: 'accent' })];
}

function startRow(form: ExperimentForm, isFocused: boolean, theme: Theme): RichLine {
  const problems = formProblems(form).length;
  const changes = changedPaths(form).length;
  const button = form.isStarting ? ' Starting… ' : ' Start the run ';
  const note =
    problems > 0
      ? span(`  ${theme.symbols.failed} ${problems} ${problems === 1 ? 'problem' : 'problems'}; e goes to the next`, {
          tone: 'bad',
        })
      : span(`  ${changes === 0 ? 'as the preset' : `${changes} changed from the preset`}`, { tone: 'muted' });
  return [pointerSpan(isFocused, theme), span(button, { inverse: isFocused, bold: true, tone: 'accent' }), note];
}

function focusLines(form: ExperimentForm, width: number, theme: Theme): RichLine[] {
  const field = focusedField(form);
  if (field === null) {
    return [
      [span(' '), ...headingLine('Start', width - 2, theme)],
      [span('  enter or ctrl+s starts the run. It goes on when you close bleubird.')],
    ];
  }
  const problem = fieldProblem(form, field);
  const preset = form.presetValues[field.path] ?? '';
  const facts = [
    `expects ${expected({ ...field, isNullable: false })}${field.isNullable ? ', or nothing' : ''}`,
    isChanged(form, field.path) ? `preset: ${preset === '' ? '(not set)' : preset}` : null,
  ].filter((fact) => fact !== null);
  return [
    [span(' '), ...headingLine(field.label, width - 2, theme, [span(`${field.path} `, { tone: 'muted' })])],
    ...wrapText(field.description, width - 4)
      .slice(0, 2)
      .map((line): RichLine => [span(`  ${line}`)]),
    [span(`  ${facts.join(` ${theme.symbols.dot} `)}`, { tone: 'muted' })],
    ...(problem === null
      ? []
      : [[span(`  ${theme.symbols.failed} ${problem}`, { tone: 'bad', bold: true })] as RichLine]),
  ];
}

function refusalLines(form: ExperimentForm, width: number, theme: Theme): RichLine[] {
  const problems = formProblems(form);
  return [
    [span(' '), ...headingLine('The run cannot start yet', width - 2, theme)],
    ...problems.map(
      ({ path, message }): RichLine => [
        span(`  ${theme.symbols.failed} ${path === '' ? '' : `${path} `}${message}`, { tone: 'bad' }),
      ],
    ),
  ];
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
