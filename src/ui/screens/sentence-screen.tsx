/** One sentence in full: source, reference, and what each run made of it. */
import { runLetter, runNames } from '../components/compare-lines.ts';
import { Lines } from '../components/lines.tsx';
import { type LabelledText, markedLegend, wholeSentenceLines } from '../components/sentence-lines.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { sentenceScores, sentencesOf } from '../state/run-sentences.ts';
import { comparedRuns, comparedSentences } from '../state/selectors.ts';
import { type SentenceScreen as SentenceScreenState, screenBelow, type UiState } from '../state/ui-state.ts';
import { EMPTY_LINE, type RichLine, span } from '../text/rich-line.ts';
import { seriesTone, type Theme } from '../theme.ts';
import type { ScreenProps } from './runs-screen.tsx';

/** Cells of a run's label beside its name: the letter before it, `, after (sentence BLEU 100.0)` behind. */
const NAME_MARGIN = 34;

export interface SentenceScreenProps extends ScreenProps {
  readonly screen: SentenceScreenState;
}

export function SentenceScreen({ state, screen, width, height }: SentenceScreenProps) {
  const theme = useTheme();
  const lines = sentenceText(state, screen.position, width, theme);
  const scroll = Math.min(screen.scroll, Math.max(0, lines.length - height));
  return <Lines lines={lines.slice(scroll)} width={width} height={height} />;
}

function sentenceText(state: UiState, position: number, width: number, theme: Theme): RichLine[] {
  const below = screenBelow(state);
  if (below.type === 'live') {
    const detail = state.details[below.runId];
    const sentence = detail ? sentencesOf(detail, below.sentences)[position] : undefined;
    if (sentence === undefined) return [];
    const { index, source, reference } = sentence;
    const { bleu } = sentenceScores(sentence);
    const hypotheses = sentence.hypotheses.map(({ label, text }, place): LabelledText => {
      const score = bleu[place] ?? null;
      return { label: score === null ? label : `${label} (sentence BLEU ${score.toFixed(1)})`, text };
    });
    return [numberLine(index, theme), EMPTY_LINE, ...wholeSentenceLines(source, reference, hypotheses, width, theme)];
  }
  if (below.type !== 'compare') return [];
  const details = comparedRuns(state, below);
  const sentence = comparedSentences(state, below)[position];
  if (sentence === undefined) return [];
  const names = runNames(details, width - NAME_MARGIN);
  const hypotheses = details.flatMap(({ record }, run): LabelledText[] => {
    const made = sentence.byRun[run];
    const style = { tone: seriesTone(run) };
    const name = `${runLetter(run)} ${names[run] ?? record.name}`;
    return [
      { label: `${name}, before`, text: made?.before ?? null, style },
      {
        label: `${name}, after${made === undefined ? '' : ` (sentence BLEU ${made.bleu.toFixed(1)})`}`,
        text: made?.after ?? null,
        style,
      },
    ];
  });
  return [
    numberLine(sentence.index, theme),
    EMPTY_LINE,
    ...wholeSentenceLines(sentence.source, sentence.reference, hypotheses, width, theme),
  ];
}

// The number `bleubird samples` gives it: the validation set counts from 0.
function numberLine(index: number, theme: Theme): RichLine {
  return [span(` Validation sentence #${index}  `, { tone: 'muted' }), ...markedLegend(theme)];
}
