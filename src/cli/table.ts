/** Tables for people: columns aligned by what a terminal shows, not by characters. */
import { truncate, visibleText, widthOf } from '../ui/text/fit-text.ts';

export interface Column<Row> {
  readonly title: string;
  /** The cell's text; it is made harmless here. */
  readonly text: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** Gives a cell its look; called with the padded text. */
  readonly style?: (text: string, row: Row) => string;
  /** May be cut when the terminal is too narrow; at most one column of a table. */
  readonly canShrink?: boolean;
}

const GAP = '  ';
const MIN_SHRUNK_WIDTH = 8;

/**
 * Gives the lines of a table, titles first.
 *
 * @param columns  of the terminal, null when there is none: then nothing is cut
 */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  terminalColumns: number | null,
): string[] {
  const cells = rows.map((row) => columns.map((column) => visibleText(column.text(row))));
  const widths = columns.map((column, index) =>
    Math.max(widthOf(column.title), ...cells.map((line) => widthOf(line[index] ?? ''))),
  );
  shrinkToFit(widths, columns, terminalColumns);
  const pad = (text: string, index: number) => {
    const width = widths[index] ?? 0;
    const shown = truncate(text, width);
    const fill = ' '.repeat(width - widthOf(shown));
    return columns[index]?.align === 'right' ? fill + shown : shown + fill;
  };
  const header = columns.map((column, index) => pad(column.title, index)).join(GAP);
  const body = cells.map((line, rowIndex) =>
    line
      .map((text, index) => {
        const row = rows[rowIndex];
        const style = columns[index]?.style;
        return style === undefined || row === undefined ? pad(text, index) : style(pad(text, index), row);
      })
      .join(GAP),
  );
  return [header, ...body].map((line) => line.trimEnd());
}

function shrinkToFit<Row>(widths: number[], columns: readonly Column<Row>[], terminalColumns: number | null): void {
  const shrunk = columns.findIndex((column) => column.canShrink);
  if (terminalColumns === null || shrunk === -1) return;
  const excess = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (columns.length - 1) - terminalColumns;
  const width = widths[shrunk] ?? 0;
  if (excess > 0) widths[shrunk] = Math.max(Math.min(width, MIN_SHRUNK_WIDTH), width - excess);
}
