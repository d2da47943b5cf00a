/** How many rows of the window each part gets; reducers use it to know what a page is. */
import type { Size } from './ui-state.ts';

/**
 * Title and an empty line at the top; message and keys at the bottom. A message of more lines is not counted: the key that
 * turns a page takes it away.
 */
const FRAME_ROWS = 4;

/** Rows of a screen without tabs: those between title and message line. */
export function bodyRows(size: Size): number {
  return Math.max(0, size.rows - FRAME_ROWS);
}

/** Rows of a screen with tabs, which stand right below the title. */
export function tabbedRows(size: Size): number {
  return Math.max(0, size.rows - FRAME_ROWS + 1);
}

/** Rows of a tab, below the row of tabs and an empty one. */
export function tabRows(size: Size): number {
  return Math.max(1, tabbedRows(size) - 2);
}

/** Rows of the list of runs, below its head. */
export function runsListRows(size: Size): number {
  return Math.max(1, bodyRows(size) - 1);
}

/** Lines one sentence takes in the Samples tab: source, reference, two translations, and one between. */
export const SENTENCE_ROWS = 5;

/** Sentences of the Samples tab visible at once. */
export function sentencesPerPage(size: Size): number {
  return Math.max(1, Math.floor((tabRows(size) + 1) / SENTENCE_ROWS));
}

/** Rows at the foot of the form that explain the focused field, an empty one before them included. */
export const FORM_HELP_ROWS = 6;

/** Rows of the form's list of fields. */
export function formRows(size: Size): number {
  return Math.max(1, bodyRows(size) - FORM_HELP_ROWS);
}
