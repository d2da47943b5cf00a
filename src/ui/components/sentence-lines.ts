/** A sentence with its translations: one line each, labels aligned. */
import { TEXT_MARGIN } from '../state/sentence-rows.ts';
import { padEnd, visibleText, wrapText } from '../text/fit-text.ts';
import { EMPTY_LINE, type RichLine, span } from '../text/rich-line.ts';
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
    ({ label, text, style }): RichLine => [
      span(` ${padEnd(label, LABEL_WIDTH)}`, { tone: 'muted' }),
      span(text ?? '', style),
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
  return labelled(source, reference, hypotheses, theme).flatMap(({ label, text, style }): RichLine[] => [
    [span(` ${label}`, { ...style, bold: true })],
    ...wrapText(visibleText(text ?? ''), width - TEXT_MARGIN).map((part): RichLine => [span(`   ${part}`)]),
    EMPTY_LINE,
  ]);
}

function labelled(
  source: string,
  reference: string,
  hypotheses: readonly LabelledText[],
  theme: Theme,
): LabelledText[] {
  return [
    { label: 'source', text: source },
    { label: 'reference', text: reference },
    ...hypotheses.map(({ label, text, style }) => ({
      label,
      text: text ?? theme.symbols.missing,
      style: style ?? styleOf(label, text),
    })),
  ];
}

// What the tuned model made of the sentence is what is looked for.
function styleOf(label: string, text: string | null): Style {
  if (text === null) return { tone: 'muted' };
  return label === 'before' ? {} : { tone: 'accent' };
}
