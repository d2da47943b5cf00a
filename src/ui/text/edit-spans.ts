/** A text being edited, with its cursor, in a given width: the part around the cursor stays in sight. */
import { aroundCursor, type TextField } from '../state/text-field.ts';
import type { Theme } from '../theme.ts';
import { truncate, truncateStart, visibleText, widthOf } from './fit-text.ts';
import { type RichLine, span } from './rich-line.ts';

export function editSpans(field: TextField, width: number, theme: Theme): RichLine {
  const { before, at, after } = aroundCursor(field);
  const cursor = theme.hasAttributes ? visibleText(at) : `${theme.symbols.cursor}${visibleText(at)}`;
  const shownBefore = truncateStart(visibleText(before), Math.max(0, width - widthOf(cursor)), theme.symbols.ellipsis);
  const room = width - widthOf(shownBefore) - widthOf(cursor);
  return [
    span(shownBefore, { underline: true }),
    span(cursor, { inverse: true }),
    span(room > 0 ? truncate(visibleText(after), room, theme.symbols.ellipsis) : '', { underline: true }),
  ];
}
