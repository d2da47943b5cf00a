/** Lines that give a screen its order: headings with a rule, tabs, a pointer before the row under the cursor. */
import { lineWidth, type RichLine, type Span, span } from '../text/rich-line.ts';
import type { Theme } from '../theme.ts';

/** `Loss ──────────── 2.13`: a heading, a rule, and something at the right end. */
export function headingLine(title: string, width: number, theme: Theme, right: RichLine = []): RichLine {
  const rightWidth = lineWidth(right);
  const rule = width - lineWidth([span(title)]) - 1 - (rightWidth > 0 ? rightWidth + 1 : 0);
  return [
    span(title, { bold: true }),
    span(` ${theme.symbols.rule.repeat(Math.max(0, rule))}`, { tone: 'muted' }),
    ...(rightWidth > 0 ? [span(' '), ...right] : []),
  ];
}

/** `1 Overview  2 Samples`: the chosen tab is underlined, or in brackets where a terminal cannot do that. */
export function tabsLine(
  tabs: readonly { readonly label: string; readonly isActive: boolean }[],
  theme: Theme,
): RichLine {
  return tabs.flatMap(({ label, isActive }, index): Span[] => {
    const text = `${index + 1} ${label}`;
    if (!isActive) return [span(`  ${text} `, { tone: 'muted' })];
    if (!theme.hasAttributes) return [span(` [${text}]`)];
    return [span('  '), span(text, { tone: 'accent', bold: true, underline: true }), span(' ')];
  });
}

/** The two cells before a row of a list. */
export function pointerSpan(isSelected: boolean, theme: Theme): Span {
  return isSelected ? span(`${theme.symbols.pointer} `, { tone: 'accent', bold: true }) : span('  ');
}
