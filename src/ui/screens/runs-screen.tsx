/** The first screen: every run, one a row. */

import { Lines } from '../components/lines.tsx';
import { runsTable } from '../components/runs-table.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { visibleRuns } from '../state/runs-list.ts';
import type { UiState } from '../state/ui-state.ts';
import { EMPTY_LINE, type RichLine, span, wrapLine } from '../text/rich-line.ts';

export interface ScreenProps {
  readonly state: UiState;
  /** Rows and cells the screen has. */
  readonly width: number;
  readonly height: number;
}

export function RunsScreen({ state, width, height }: ScreenProps) {
  const theme = useTheme();
  const { list, now } = state;
  const isEmpty = visibleRuns(list).length === 0;
  const lines = isEmpty
    ? emptyLines(state).flatMap((line) => wrapLine(line, width - 2, 2))
    : runsTable(list, now, width - 1, height, theme);
  return <Lines lines={lines} width={width} height={height} />;
}

function emptyLines({ list }: UiState): RichLine[] {
  if (list.runs === null) return [[span('  Reading the store…', { tone: 'muted' })]];
  const key = (name: string) => span(name, { bold: true, tone: 'accent' });
  if (list.runs.length > 0) {
    return [[span('  No run contains these words. '), key('esc'), span(' shows all runs again.')]];
  }
  return [
    [span('  No runs yet.', { bold: true })],
    EMPTY_LINE,
    [span('  Press '), key('n'), span(' to set up your first run: choose a preset, change it, start.')],
    [span('  The preset quickstart fine-tunes a small model in minutes, on any machine.')],
    EMPTY_LINE,
    [span('  Press '), key('?'), span(' for all keys.')],
  ];
}
