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

/** Lines of the Samples tab that are no list: its head, and below it a heading, source, reference and two translations. */
const SENTENCE_ROWS = 6;

/** Sentences of the Samples tab visible at once. */
export function sentencesPerPage(size: Size): number {
  return Math.max(1, tabRows(size) - SENTENCE_ROWS);
}

/** Lines one preset takes: name, description, and an empty one. */
const PRESET_ROWS = 3;

/** Rows above the presets: the question, and an empty one. */
const PRESETS_HEAD_ROWS = 2;

/** Presets visible at once on a screen of so many rows. */
export function presetsPerPage(rows: number): number {
  return Math.max(1, Math.floor((rows - PRESETS_HEAD_ROWS) / PRESET_ROWS));
}

/** Settings of a comparison visible at once in a tab of so many rows, below their head. */
export function comparedSettingRows(rows: number): number {
  return Math.max(1, rows - 1);
}

/** The most runs whose translation of the sentence under the cursor is shown below the list. */
export const PREVIEWED_RUNS = 4;

/** Sentences of a comparison visible at once in a tab of so many rows: between their head, and heading, reference and translations. */
export function comparedSentenceRows(rows: number, runs: number): number {
  return Math.max(1, rows - 1 - (2 + Math.min(PREVIEWED_RUNS, runs)));
}

/** Rows at the foot of the form that explain the focused field, an empty one before them included. */
export const FORM_HELP_ROWS = 6;

/** Rows of the form's list of fields. */
export function formRows(size: Size): number {
  return Math.max(1, bodyRows(size) - FORM_HELP_ROWS);
}
