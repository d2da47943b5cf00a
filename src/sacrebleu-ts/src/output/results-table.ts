/** Tables as the Python package `tabulate` draws them, in the two forms sacreBLEU uses. */

export type TableForm = 'fancy_grid' | 'latex_booktabs';

/** Spaces a header has at least, more than its text. */
const HEADER_PADDING = 2;

/**
 * The table, without a line break at its end. The first column is aligned to the right, the others are centred.
 *
 * @param headers one a column
 * @param rows    one text a column; `fancy_grid` shows the lines of a text below one another
 */
export function formatTable(headers: readonly string[], rows: readonly (readonly string[])[], form: TableForm): string {
  const widths = headers.map((header, column) => {
    const cells = rows.map((row) => Math.max(...linesOf(row[column] ?? '').map(visibleWidth)));
    return Math.max(visibleWidth(header) + HEADER_PADDING, ...cells);
  });
  const aligned = (text: string, column: number): string => align(text, widths[column] ?? 0, column === 0);
  return form === 'fancy_grid' ? grid(headers, rows, widths, aligned) : latex(headers, rows, aligned);
}

type Align = (text: string, column: number) => string;

function grid(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  widths: readonly number[],
  aligned: Align,
): string {
  const rule = (left: string, fill: string, between: string, right: string): string =>
    `${left}${widths.map((width) => fill.repeat(width + 2)).join(between)}${right}`;
  const line = (cells: readonly string[]): string => `│${cells.map((cell) => ` ${cell} `).join('│')}│`;
  const tableRow = (row: readonly string[]): string => {
    const cells = row.map(linesOf);
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, index) =>
      line(cells.map((lines, column) => aligned(lines[index] ?? '', column))),
    ).join('\n');
  };
  return [
    rule('╒', '═', '╤', '╕'),
    line(headers.map(aligned)),
    rule('╞', '═', '╪', '╡'),
    rows.map(tableRow).join(`\n${rule('├', '─', '┼', '┤')}\n`),
    rule('╘', '═', '╧', '╛'),
  ].join('\n');
}

function latex(headers: readonly string[], rows: readonly (readonly string[])[], aligned: Align): string {
  // Escaped after the padding, as tabulate does: a row with escapes is longer.
  const line = (cells: readonly string[]): string =>
    `${cells.map((cell, column) => ` ${escapeLatex(aligned(cell, column))} `).join('&')}\\\\`;
  return [
    `\\begin{tabular}{${headers.map((_, column) => (column === 0 ? 'r' : 'c')).join('')}}`,
    '\\toprule',
    line(headers),
    '\\midrule',
    ...rows.map(line),
    '\\bottomrule',
    '\\end{tabular}',
  ].join('\n');
}

const latexEscapes: ReadonlyMap<string, string> = new Map([
  ['&', '\\&'],
  ['%', '\\%'],
  ['$', '\\$'],
  ['#', '\\#'],
  ['_', '\\_'],
  ['^', '\\^{}'],
  ['{', '\\{'],
  ['}', '\\}'],
  ['~', '\\textasciitilde{}'],
  ['\\', '\\textbackslash{}'],
  ['<', '\\ensuremath{<}'],
  ['>', '\\ensuremath{>}'],
]);

function escapeLatex(text: string): string {
  return text.replace(/[&%$#_^{}~\\<>]/g, (character) => latexEscapes.get(character) ?? character);
}

function linesOf(text: string): string[] {
  return text.split('\n');
}

function align(text: string, width: number, isRight: boolean): string {
  const trimmed = text.trim();
  const padding = Math.max(width - visibleWidth(trimmed), 0);
  const left = isRight ? padding : Math.floor(padding / 2);
  return `${' '.repeat(left)}${trimmed}${' '.repeat(padding - left)}`;
}

/** Code points, colours left out. */
function visibleWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours start with escape.
  return [...text.replace(/\x1b\[[0-9;]*m/g, '')].length;
}
