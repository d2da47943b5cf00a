/**
 * Text as a terminal shows it: cells instead of characters, no control codes, one line.
 * Everything that reaches the screen passes through here, so a sentence of a corpus can never steer the terminal.
 */
import stringWidth from 'string-width';
import { excessMarks, unseenCharacters } from './unseen-characters.ts';

/** How many cells the text takes; wide characters take two, combining marks none. */
export function widthOf(text: string): number {
  return isPlain(text) ? text.length : stringWidth(text);
}

function isPlain(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

/**
 * The text on one line of visible characters: escape sequences, other control codes, characters that turn the direction of
 * writing or take no room, and marks piled up on one letter are shown as what they are (`␛`, `␊`, `⟨202E⟩`, `⟨+92 marks⟩`), never
 * sent.
 */
export function visibleText(text: string): string {
  if (isPlain(text)) return text;
  return text
    .replace(unseenCharacters, (character) => {
      const code = character.codePointAt(0) ?? 0;
      if (character === '\t') return ' ';
      if (code < 0x20) return String.fromCodePoint(0x2400 + code);
      if (code === 0x7f) return '␡';
      return `⟨${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
    })
    .replace(excessMarks, (marks) => `⟨+${marks.length} marks⟩`);
}

/** The text cut to at most `width` cells, the cut marked by `ellipsis`. */
export function truncate(text: string, width: number, ellipsis = '…'): string {
  return widthOf(text) <= width ? text : cutText(text, width, ellipsis);
}

/** The beginning of a text that goes on, with the ellipsis, in at most `width` cells. */
export function cutText(text: string, width: number, ellipsis = '…'): string {
  const room = width - widthOf(ellipsis);
  return room < 0 ? takeCells(ellipsis, Math.max(0, width)) : takeCells(text, room) + ellipsis;
}

/** The end of the text, in at most `width` cells. */
export function truncateStart(text: string, width: number, ellipsis = '…'): string {
  if (widthOf(text) <= width) return text;
  return width < widthOf(ellipsis) ? '' : ellipsis + takeLastCells(text, width - widthOf(ellipsis));
}

/** Beginning and end of the text, in at most `width` cells: of two long names the ends tell which is which. */
export function truncateMiddle(text: string, width: number, ellipsis = '…'): string {
  const room = width - widthOf(ellipsis);
  if (widthOf(text) <= width || room < 2) return truncate(text, width, ellipsis);
  return takeCells(text, Math.ceil(room / 2)) + ellipsis + takeLastCells(text, Math.floor(room / 2));
}

/** Cut and filled with spaces to exactly `width` cells. */
export function padEnd(text: string, width: number, ellipsis = '…'): string {
  const cut = truncate(text, width, ellipsis);
  return cut + ' '.repeat(Math.max(0, width - widthOf(cut)));
}

/** As padEnd, with the spaces in front. */
export function padStart(text: string, width: number, ellipsis = '…'): string {
  const cut = truncate(text, width, ellipsis);
  return ' '.repeat(Math.max(0, width - widthOf(cut))) + cut;
}

/** The text broken into lines of at most `width` cells, at spaces where there are any; at least one line. */
export function wrapText(text: string, width: number): string[] {
  if (width <= 0) return [''];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (widthOf(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    line = '';
    for (const piece of piecesOf(word, width)) {
      if (line !== '') lines.push(line);
      line = piece;
    }
  }
  lines.push(line);
  return lines;
}

/** So many characters one cell may take, with marks that are piled up or shown by their codes. */
const MOST_OF_A_CELL = 16;

/** As much of a text as may be seen in so many lines, and more: an error may quote megabytes, which would be wrapped at each frame. */
export function beginningFor(text: string, lines: number, width: number): string {
  return text.slice(0, (lines + 1) * width * MOST_OF_A_CELL);
}

/** A word cut into pieces of at most `width` cells, each as long as may be; one character that is wider is a piece. */
function* piecesOf(word: string, width: number): Generator<string> {
  let piece = '';
  let cells = 0;
  for (const segment of segments(word)) {
    const next = widthOf(segment);
    if (piece !== '' && cells + next > width) {
      yield piece;
      [piece, cells] = ['', 0];
    }
    piece += segment;
    cells += next;
  }
  yield piece;
}

/** The longest beginning of at most `width` cells, never half a character. */
function takeCells(text: string, width: number): string {
  let taken = '';
  let cells = 0;
  for (const segment of segments(text)) {
    const next = widthOf(segment);
    if (cells + next > width) break;
    taken += segment;
    cells += next;
  }
  return taken;
}

/** The longest end of at most `width` cells. */
function takeLastCells(text: string, width: number): string {
  let taken = '';
  for (const segment of [...segments(text)].reverse()) {
    if (widthOf(segment + taken) > width) break;
    taken = segment + taken;
  }
  return taken;
}

function* segments(text: string): Generator<string> {
  for (const { segment } of SEGMENTER.segment(text)) yield segment;
}

const SEGMENTER = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
