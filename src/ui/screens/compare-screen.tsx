/** Two or more runs side by side. */
import { differenceLines, legendLine, runLetter, scoresLines, settingsLines } from '../components/compare-lines.ts';
import { tabsLine } from '../components/heading.ts';
import { Lines } from '../components/lines.tsx';
import { useTheme } from '../hooks/use-theme.ts';
import { incomparabilities } from '../state/comparability.ts';
import type { RunDetail } from '../state/run-detail.ts';
import { comparedRuns, comparedSentences, comparedSettings, sharedSentenceCount } from '../state/selectors.ts';
import {
  COMPARE_TABS,
  type CompareScreen as CompareScreenState,
  type CompareTab,
  type UiState,
} from '../state/ui-state.ts';
import { EMPTY_LINE, type RichLine } from '../text/rich-line.ts';
import type { Theme } from '../theme.ts';
import type { ScreenProps } from './runs-screen.tsx';

const LABELS: Readonly<Record<CompareTab, string>> = { scores: 'Scores', config: 'Config', sentences: 'Sentences' };

export interface CompareScreenProps extends ScreenProps {
  readonly screen: CompareScreenState;
}

export function CompareScreen({ state, screen, width, height }: CompareScreenProps) {
  const theme = useTheme();
  const tabs = tabsLine(
    COMPARE_TABS.map((tab) => ({ label: LABELS[tab], isActive: tab === screen.tab })),
    theme,
  );
  const legend = screen.tab === 'sentences' ? legendLine(comparedRuns(state, screen), width, theme) : EMPTY_LINE;
  const body = tabLines(state, screen, width, height - 2, theme);
  return <Lines lines={[tabs, legend, ...body]} width={width} height={height} />;
}

function tabLines(state: UiState, screen: CompareScreenState, width: number, rows: number, theme: Theme): RichLine[] {
  const details = comparedRuns(state, screen);
  switch (screen.tab) {
    case 'scores':
      return scoresLines(details, warningsAbout(details), state, width, rows, theme);
    case 'config':
      return settingsLines(comparedSettings(state, screen), details, screen.position, width, rows);
    case 'sentences':
      return differenceLines(
        comparedSentences(state, screen),
        sharedSentenceCount(state, screen),
        details,
        screen.position,
        width,
        rows,
        theme,
      );
  }
  return screen.tab satisfies never;
}

function warningsAbout(details: readonly RunDetail[]): readonly string[] {
  return incomparabilities(
    details.map(({ record, parameters, evaluations }, index) => {
      return { label: runLetter(index), dataHash: record.dataHash, parameters, evaluations };
    }),
  );
}
