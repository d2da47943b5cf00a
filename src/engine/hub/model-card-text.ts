/** How a model card writes text and numbers: Markdown that nothing in a text can break, numbers as Python prints them. */

/** Makes a text one line without control, bidirectional and zero-width characters. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

/** Makes a text mean itself in Markdown: no markup, no HTML, no line of its own. */
export function escapeMarkdown(text: string): string {
  return oneLine(text).replaceAll(/[\\`*_{}[\]<>#|!~&$]/g, '\\$&');
}

/** `- name: value` lines, as Trainer's. */
export function bulletList(values: readonly (readonly [string, string])[]): string {
  return values.map(([name, value]) => `- ${name}: ${value}`).join('\n');
}

/** A table with its columns filled up, as transformers' make_markdown_table. */
export function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `${cells.map((cell, column) => `| ${cell.padEnd(widths[column] ?? 0)} `).join('')}|`;
  const rule = `${widths.map((width) => `|:${'-'.repeat(width)}:`).join('')}|`;
  return [line(titles), rule, ...rows.map(line)].join('\n');
}

/** A measured number with at most 4 decimals; `missing` for one that is not finite. */
export function rounded(value: number | null, missing = 'nan'): string {
  return value === null ? missing : pythonNumber(value, { isFloat: true, decimals: 4 });
}

/** A number as Python prints it: `2e-05`, and `1.0` for a whole float. */
export function pythonNumber(
  value: number,
  { isFloat = false, decimals = Number.POSITIVE_INFINITY }: { isFloat?: boolean; decimals?: number } = {},
): string {
  const text = shortest(value, isFloat);
  return (text.split('.')[1]?.length ?? 0) > decimals ? value.toFixed(decimals) : text;
}

/** Python's repr goes over to exponents at 1e-5 and 1e16, and gives them two digits. */
function shortest(value: number, isFloat: boolean): string {
  const [mantissa = '', power = ''] = value.toExponential().split('e');
  const exponent = Number(power);
  if (value !== 0 && (exponent < -4 || exponent >= 16)) {
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return isFloat && Number.isInteger(value) ? `${value}.0` : String(value);
}
