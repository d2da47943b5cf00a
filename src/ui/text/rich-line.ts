/**
 * A line of the screen as data: pieces of text with their styles. Screens build these with pure functions; only
 * `paintLine` turns them into what a terminal understands, cut to the width it has.
 */
import type { Style, Theme } from '../theme.ts';
import { paint } from '../theme.ts';
import { cutText, padEnd, padStart, truncateMiddle, visibleText, widthOf } from './fit-text.ts';

export interface Span {
  readonly text: string;
  readonly style?: Style | undefined;
}

export type RichLine = readonly Span[];

/** A piece of text; a shorthand for screens. */
export function span(text: string, style?: Style): Span {
  return { text, style };
}

/** A piece of text in a column of `width` cells. */
export function cell(text: string, width: number, style?: Style, align: 'left' | 'right' = 'left'): Span {
  const clean = visibleText(text);
  return { text: align === 'left' ? padEnd(clean, width) : padStart(clean, width), style };
}

/** As `cell`, but cut in the middle: names and paths differ at their ends. */
export function cellWithBothEnds(text: string, width: number, style?: Style): Span {
  return cell(truncateMiddle(visibleText(text), width), width, style);
}

export const EMPTY_LINE: RichLine = [];

/** Cells the line takes before it is cut. */
export function lineWidth(line: RichLine): number {
  return line.reduce((sum, { text }) => sum + widthOf(visibleText(text)), 0);
}

/** Left and right part of a line of `width` cells; the right part keeps its place, the left is cut. */
export function justify(left: RichLine, right: RichLine, width: number, ellipsis = '…'): RichLine {
  const rightWidth = lineWidth(right);
  const cut = cutLine(left, Math.max(0, width - rightWidth - (rightWidth > 0 ? 1 : 0)), ellipsis);
  const gap = Math.max(0, width - rightWidth - lineWidth(cut));
  return [...cut, span(' '.repeat(gap)), ...right];
}

/** The line cut to at most `width` cells, with control characters made visible. */
export function cutLine(line: RichLine, width: number, ellipsis = '…'): RichLine {
  const clean = line.map(({ text, style }) => ({ text: visibleText(text), style }));
  if (lineWidth(clean) <= width) return clean;
  const kept: Span[] = [];
  let room = width;
  for (const { text, style } of clean) {
    const cells = widthOf(text);
    if (cells > room - widthOf(ellipsis)) {
      kept.push({ text: cutText(text, room, ellipsis), style });
      break;
    }
    kept.push({ text, style });
    room -= cells;
  }
  return kept;
}

/**
 * The line broken at spaces into lines of at most `width` cells, those after the first behind `indent` spaces. A word that is
 * longer stays whole.
 */
export function wrapLine(line: RichLine, width: number, indent: number): RichLine[] {
  let last: Span[] = [];
  const lines = [last];
  for (const { text, style } of line) {
    for (const word of text.split(/(?<= )/)) {
      if (lineWidth(last) > indent && lineWidth([...last, span(word.trimEnd())]) > width) {
        last = [span(' '.repeat(indent))];
        lines.push(last);
      }
      last.push({ text: word, style });
    }
  }
  return lines;
}

/**
 * The line with the terminal's escape codes, at most `width` cells wide. Cells know no theme and mark their cuts by `…`;
 * a terminal without Unicode gets `~` for it, as wide.
 */
export function paintLine(line: RichLine, width: number, theme: Theme): string {
  return cutLine(line, width, theme.symbols.ellipsis)
    .map(({ text, style }) => paint(theme.isUnicode ? text : text.replaceAll('…', '~'), style, theme))
    .join('');
}
