/** How tall one sentence is, read whole: every text on lines of its own below its label, and an empty line after it. */
import { visibleText, wrapText } from '../text/fit-text.ts';
import { sentencesOf } from './run-sentences.ts';
import { comparedRuns, comparedSentences } from './selectors.ts';
import { type SentenceScreen, screenBelow, type UiState } from './ui-state.ts';

/** Cells that are kept free beside a text. */
export const TEXT_MARGIN = 4;

/** Lines before the texts: the number of the sentence, and an empty one. */
const HEAD_ROWS = 2;

/** How many lines the sentence takes in a window of the state's width; 0 when there is no such sentence. */
export function sentenceRowCount(state: UiState, { position }: SentenceScreen): number {
  const texts = textsOf(state, position);
  const rowsOf = (text: string | null) => wrapText(visibleText(text ?? ''), state.size.columns - TEXT_MARGIN).length;
  // The empty line after the last text is none to scroll for.
  return texts.length === 0 ? 0 : texts.reduce((sum, text) => sum + 1 + rowsOf(text) + 1, HEAD_ROWS) - 1;
}

function textsOf(state: UiState, position: number): readonly (string | null)[] {
  const below = screenBelow(state);
  if (below.type === 'live') {
    const detail = state.details[below.runId];
    const sentence = detail ? sentencesOf(detail, below.sentences)[position] : undefined;
    if (sentence === undefined) return [];
    return [sentence.source, sentence.reference, ...sentence.hypotheses.map(({ text }) => text)];
  }
  const sentence = below.type === 'compare' ? comparedSentences(state, below)[position] : undefined;
  if (below.type !== 'compare' || sentence === undefined) return [];
  const hypotheses = comparedRuns(state, below).flatMap((_, run) => {
    const made = sentence.byRun[run];
    return [made?.before ?? null, made?.after ?? null];
  });
  return [sentence.source, sentence.reference, ...hypotheses];
}
