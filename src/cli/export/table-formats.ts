/**
 * A table as text for other programs, one file format each. Where a program reads it, texts go out as they are, only quoted;
 * in tables to be pasted into a page, what nobody would see there is shown.
 */
import { visibleText } from '../../ui/text/fit-text.ts';

/** What a cell holds; null for nothing there, NaN for a number that was not finite. */
export type Cell = string | number | null;

/** Writes a table of named columns line by line. */
export interface TableFormat {
  /** What stands before the rows, one entry a line. */
  readonly head: (columns: readonly string[]) => readonly string[];
  readonly row: (columns: readonly string[], cells: readonly Cell[]) => string;
  readonly foot: readonly string[];
}

export const formatNames = ['csv', 'tsv', 'jsonl', 'markdown', 'latex'] as const;

export type FormatName = (typeof formatNames)[number];

/** The formats by name: RFC 4180 with commas or tabs, an object a line, and tables to paste into a text. */
export const tableFormats: Readonly<Record<FormatName, TableFormat>> = {
  csv: separated(','),
  tsv: separated('\t'),
  jsonl: { head: () => [], row: jsonObject, foot: [] },
  markdown: {
    head: (columns) => [pipes(columns.map(markdownCell)), pipes(columns.map(() => '---'))],
    row: (_columns, cells) => pipes(cells.map((cell) => markdownCell(rounded(cell)))),
    foot: [],
  },
  latex: {
    head: (columns) => [`\\begin{tabular}{${'l'.repeat(columns.length)}}`, '\\hline', ampersands(columns), '\\hline'],
    row: (_columns, cells) => ampersands(cells.map(rounded)),
    foot: ['\\hline', '\\end{tabular}'],
  },
};

function separated(separator: string): TableFormat {
  const line = (cells: readonly string[]) => cells.map((cell) => quoted(cell, separator)).join(separator);
  return { head: (columns) => [line(columns)], row: (_columns, cells) => line(cells.map(shown)), foot: [] };
}

/** As RFC 4180 has it: in quotes where the cell has a separator, a quote, a line break, or white space at an end. */
function quoted(cell: string, separator: string): string {
  const isPlain = !cell.includes(separator) && !/["\r\n]|^\s|\s$/.test(cell);
  return isPlain ? cell : `"${cell.replaceAll('"', '""')}"`;
}

function jsonObject(columns: readonly string[], cells: readonly Cell[]): string {
  return JSON.stringify(Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? null])));
}

function pipes(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function ampersands(cells: readonly string[]): string {
  return `${cells.map(latexCell).join(' & ')} \\\\`;
}

/** Full precision: programs round as they like. */
function shown(cell: Cell): string {
  return cell === null ? '' : String(cell);
}

/** Four significant digits, as texts print them. */
function rounded(cell: Cell): string {
  return typeof cell === 'number' && !Number.isInteger(cell) ? String(Number(cell.toPrecision(4))) : shown(cell);
}

function markdownCell(text: string): string {
  return onOneLine(text).replace(/[\\|`*_<>[\]#&]/g, '\\$&');
}

function onOneLine(text: string): string {
  return visibleText(text.replace(/[\r\n]+/g, ' '));
}

function latexCell(text: string): string {
  return onOneLine(text).replace(/[\\{}$&#_%~^]/g, (character) => latexSpecial[character] ?? `\\${character}`);
}

const latexSpecial: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
};
