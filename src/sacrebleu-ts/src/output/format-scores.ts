/** The text sacreBLEU prints for one system under one metric or several. */
import { type Paint, paintWith } from './colour.ts';

/**
 * Lines of scores as sacreBLEU prints them, without a line break at the end: aligned at their `=`, or one JSON array.
 *
 * @param results each from `Score.format`
 */
export function formatScores(
  results: readonly string[],
  { isJson = false, isColourful = false }: { readonly isJson?: boolean; readonly isColourful?: boolean } = {},
): string {
  if (isJson) return results.length === 1 ? (results[0] ?? '') : `[\n${results.join(',\n')}\n]`;
  const lines = results.map((line) => paintConfidence(line, paintWith(isColourful)));
  if (lines.length === 1) return lines[0] ?? '';
  const signs = lines.map((line) => line.indexOf('='));
  const furthest = Math.max(...signs);
  // Bare scores have no sign to align at.
  return lines.map((line, index) => `${' '.repeat(furthest - (signs[index] ?? furthest))}${line}`).join('\n');
}

function paintConfidence(line: string, paint: Paint): string {
  return line.replace(/\(μ = [0-9.]+ ± [0-9.]+\)/, (text) => paint(text, 'cyan'));
}
