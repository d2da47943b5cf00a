/** All keys, from the key table. */
import { keyText } from '../components/frame-lines.ts';
import { Lines } from '../components/lines.tsx';
import { useTheme } from '../hooks/use-theme.ts';
import type { Context } from '../keys.ts';
import { HELP_KEYS_WIDTH, type HelpRow, helpRows } from '../state/selectors.ts';
import { cell, type RichLine, span } from '../text/rich-line.ts';
import type { Theme } from '../theme.ts';
import type { ScreenProps } from './runs-screen.tsx';

export interface HelpScreenProps extends ScreenProps {
  readonly about: Context;
  readonly scroll: number;
}

export function HelpScreen({ about, scroll, width, height }: HelpScreenProps) {
  const theme = useTheme();
  const rows = helpRows(about, width);
  const first = Math.min(scroll, Math.max(0, rows.length - height));
  const lines = rows.slice(first, first + height).map((row) => helpLine(row, theme));
  return <Lines lines={lines} width={width} height={height} />;
}

function keysText(keys: readonly string[], theme: Theme): string {
  return keys.map((key) => keyText(key, theme)).join('  ');
}

function helpLine(row: HelpRow, theme: Theme): RichLine {
  switch (row.type) {
    case 'section':
      return [span(`  ${row.title}`, { bold: true, tone: 'accent' })];
    case 'text':
      return [span(`  ${row.text}`)];
    case 'key':
      return [span('  '), cell(keysText(row.keys, theme), HELP_KEYS_WIDTH, { bold: true }), span(row.description)];
  }
  return row satisfies never;
}
