/** A sentence with its translations: one line each, labels aligned. */
import { TEXT_MARGIN } from '../state/sentence-rows.ts';
import { padEnd, visibleText, wrapText } from '../text/fit-text.ts';
import { markWords } from '../text/mark-words.ts';
import { EMPTY_LINE, type RichLine, type Span, span } from '../text/rich-line.ts';
import type { Style, Theme } from '../theme.ts';

export interface LabelledText {
  readonly label: string;
  readonly text: string | null;
  readonly style?: Style;
}

const LABEL_WIDTH = 10;

/** Source, reference and translations on one line each. */
export function sentenceLines(
  source: string,
  reference: string,
  hypotheses: readonly LabelledText[],
  theme: Theme,
): RichLine[] {
  return labelled(source, reference, hypotheses, theme).map(
    ({ label, text, paint }): RichLine => [
      span(` ${padEnd(label, LABEL_WIDTH)}`, { tone: 'muted' }),
      ...paint(visibleText(text ?? '')),
    ],
  );
}

/** The same with every text in full, broken into lines. */
export function wholeSentenceLines(
  source: string,
  reference: string,
  hypotheses: readonly LabelledText[],
  width: number,
  theme: Theme,
): RichLine[] {
  return labelled(source, reference, hypotheses, theme).flatMap(({ label, text, style, paint }): RichLine[] => [
    [span(` ${label}`, { ...style, bold: true })],
    ...wrapText(visibleText(text ?? ''), width - TEXT_MARGIN).map((part): RichLine => [span('   '), ...paint(part)]),
    EMPTY_LINE,
  ]);
}

/** Words of a translation that its reference has, too. */
const SHARED: Style = { tone: 'good', bold: true };

/** Says what the marked words are; empty where a terminal cannot mark them. */
export function markedLegend({ hasAttributes, colorLevel }: Theme): RichLine {
  if (!hasAttributes && colorLevel === 0) return [];
  return [span('words of the reference', SHARED), span(' ')];
}

/**
 * Gives a function that takes the pieces of the text in their order, and gives them with the words that the reference has, too,
 * marked; the others are in `style`.
 */
export function wordMarker(text: string, reference: string, style?: Style): (piece: string) => Span[] {
  const words = markWords(visibleText(text), visibleText(reference));
  let place = 0;
  let taken = 0;
  return (piece) =>
    piece.split(/(\s+)/).flatMap((part): Span[] => {
      if (part.trim() === '') return part === '' ? [] : [span(part)];
      const { word = '', isShared = false } = words[place] ?? {};
      // A word longer than a line comes in several parts.
      taken += part.length;
      if (taken >= word.length) [place, taken] = [place + 1, 0];
      return [span(part, isShared ? SHARED : style)];
    });
}

interface PaintedText extends LabelledText {
  readonly paint: (piece: string) => Span[];
}

function labelled(source: string, reference: string, hypotheses: readonly LabelledText[], theme: Theme): PaintedText[] {
  const plain = (piece: string) => [span(piece)];
  return [
    { label: 'source', text: source, paint: plain },
    { label: 'reference', text: reference, paint: plain },
    ...hypotheses.map(({ label, text, style }): PaintedText => {
      if (text !== null) return { label, text, ...(style && { style }), paint: wordMarker(text, reference) };
      const muted: Style = { tone: 'muted' };
      const paint = (piece: string) => [span(piece, muted)];
      return { label, text: theme.symbols.missing, style: style ?? muted, paint };
    }),
  ];
}
