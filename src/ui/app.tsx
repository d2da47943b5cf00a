/** The frame around the screens: title, the screen shown, message, keys. As tall and as wide as the window, never more. */
import { Box } from 'ink';
import { footerLine, messageLines, titleLine } from './components/frame-lines.ts';
import { Lines } from './components/lines.tsx';
import { useKeyboard } from './hooks/use-keyboard.ts';
import { ThemeContext } from './hooks/use-theme.ts';
import { useUiState } from './hooks/use-ui-state.ts';
import { CompareScreen } from './screens/compare-screen.tsx';
import { HelpScreen } from './screens/help-screen.tsx';
import { LiveScreen } from './screens/live-screen.tsx';
import { FormScreen, PresetsScreen } from './screens/new-run-screens.tsx';
import { RunsScreen, type ScreenProps } from './screens/runs-screen.tsx';
import { SentenceScreen } from './screens/sentence-screen.tsx';
import { bodyRows, tabbedRows } from './state/layout.ts';
import { SMALLEST_SIZE, topScreen, type UiState } from './state/ui-state.ts';
import { wrapText } from './text/fit-text.ts';
import { span } from './text/rich-line.ts';
import type { Theme } from './theme.ts';
import type { UiStore } from './ui-store.ts';

export interface AppProps {
  readonly store: UiStore;
  readonly theme: Theme;
}

export function App({ store, theme }: AppProps) {
  useKeyboard(store);
  const state = useUiState(store);
  return (
    <ThemeContext value={theme}>
      <Frame state={state} theme={theme} />
    </ThemeContext>
  );
}

function Frame({ state, theme }: { readonly state: UiState; readonly theme: Theme }) {
  const { columns, rows } = state.size;
  const hasTabs = ['live', 'compare'].includes(topScreen(state).type);
  if (columns < SMALLEST_SIZE.columns || rows < SMALLEST_SIZE.rows) return <TooSmall state={state} />;
  const message = messageLines(state, theme);
  const height = (hasTabs ? tabbedRows(state.size) : bodyRows(state.size)) - (message.length - 1);
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      <Lines lines={[titleLine(state, theme)]} width={columns} height={hasTabs ? 1 : 2} />
      <ScreenShown state={state} width={columns} height={height} />
      <Lines lines={message} width={columns} height={message.length} />
      <Lines lines={[footerLine(state, theme)]} width={columns} height={1} />
    </Box>
  );
}

function ScreenShown(props: ScreenProps) {
  const screen = topScreen(props.state);
  switch (screen.type) {
    case 'runs':
      return <RunsScreen {...props} />;
    case 'presets':
      return <PresetsScreen {...props} position={screen.position} />;
    case 'form':
      return <FormScreen {...props} form={screen.form} />;
    case 'live':
      return <LiveScreen {...props} screen={screen} />;
    case 'compare':
      return <CompareScreen {...props} screen={screen} />;
    case 'sentence':
      return <SentenceScreen {...props} screen={screen} />;
    case 'help':
      return <HelpScreen {...props} about={screen.about} scroll={screen.scroll} />;
  }
  return screen satisfies never;
}

function TooSmall({ state: { size } }: { readonly state: UiState }) {
  const { columns, rows } = SMALLEST_SIZE;
  const lines = [
    `This window is ${size.columns}x${size.rows}.`,
    `bleubird needs ${columns}x${rows}.`,
    'q quits; runs go on.',
  ].flatMap((line) => wrapText(line, size.columns));
  return (
    <Box width={size.columns} height={size.rows} overflow="hidden">
      <Lines lines={lines.map((line) => [span(line)])} width={size.columns} height={size.rows} />
    </Box>
  );
}
