/** One run: live while it goes on, its record afterwards. The same path for both: the store. */
import { tabsLine } from '../components/heading.ts';
import { Lines } from '../components/lines.tsx';
import { liveOverview } from '../components/live-overview.ts';
import { eventLines, sampleLines, settingLines } from '../components/live-tabs.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { runSettings } from '../state/config-difference.ts';
import type { RunDetail } from '../state/run-detail.ts';
import { LIVE_TABS, type LiveScreen as LiveScreenState, type LiveTab, type UiState } from '../state/ui-state.ts';
import { EMPTY_LINE, type RichLine, span } from '../text/rich-line.ts';
import type { Theme } from '../theme.ts';
import type { ScreenProps } from './runs-screen.tsx';

const LABELS: Readonly<Record<LiveTab, string>> = {
  overview: 'Overview',
  samples: 'Samples',
  config: 'Config',
  events: 'Events',
};

export interface LiveScreenProps extends ScreenProps {
  readonly screen: LiveScreenState;
}

export function LiveScreen({ state, screen, width, height }: LiveScreenProps) {
  const theme = useTheme();
  const detail = state.details[screen.runId];
  const tabs = tabsLine(
    LIVE_TABS.map((tab) => ({ label: LABELS[tab], isActive: tab === screen.tab })),
    theme,
  );
  const rows = height - 2;
  const body =
    detail === undefined || detail === null
      ? missingLines(screen.runId, detail === null)
      : tabLines(detail, screen, state, width, rows, theme);
  return <Lines lines={[tabs, EMPTY_LINE, ...body]} width={width} height={height} />;
}

function tabLines(
  detail: RunDetail,
  { tab, position, isFollowing, sentences, showsChangedOnly }: LiveScreenState,
  state: UiState,
  width: number,
  rows: number,
  theme: Theme,
): RichLine[] {
  switch (tab) {
    case 'overview':
      return liveOverview(detail, state, width, rows, theme);
    case 'samples':
      return sampleLines(detail, sentences, position, width, rows, theme);
    case 'config':
      return settingLines(runSettings(detail.parameters, showsChangedOnly), position, rows);
    case 'events':
      return eventLines(detail, isFollowing ? null : position, width, rows);
  }
  return tab satisfies never;
}

function missingLines(runId: string, isMissing: boolean): RichLine[] {
  return [
    [span(isMissing ? `  The store has no run ${runId}. esc goes back.` : '  Reading the run…', { tone: 'muted' })],
  ];
}
