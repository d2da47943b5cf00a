/** Prints scores as sacreBLEU does: of each sentence, of one system, of several. */
import { BLEU, CHRF, formatScores, formatSystems, type Metric, type Score, TER } from 'sacrebleu-ts';
import type { Output } from '../output.ts';
import type { ScoreSystem } from './read-score-input.ts';
import type { ScoreSettings } from './score-settings.ts';

export function printSentences(
  lines: readonly string[],
  references: readonly (readonly string[])[],
  [metric]: readonly Metric<Score>[],
  { width, switches, profile }: ScoreSettings,
  output: Output,
): void {
  for (const [index, line] of lines.entries()) {
    const result = metric?.corpusScore(
      [line],
      references.map((ofSystem) => [ofSystem[index] ?? null]),
      { profile },
    );
    const signature = metric?.getSignature({ short: switches.has('short') });
    output.line(result?.format({ width, scoreOnly: switches.has('scoreOnly'), signature }));
  }
}

export function printSystem(
  lines: readonly string[],
  references: readonly (readonly string[])[],
  metrics: readonly Metric<Score>[],
  { format, isColourful, width, switches, confidenceSamples, seed, profile }: ScoreSettings,
  output: Output,
): void {
  const isJson = format === 'json';
  const nBootstrap = switches.has('confidence') ? Math.max(confidenceSamples, 1) : 1;
  const results = byName(metrics).map((metric) => {
    const result = metric.corpusScore(lines, references, { nBootstrap, seed, profile });
    const signature = metric.getSignature({ short: switches.has('short') && !isJson });
    return result.format({ width, scoreOnly: switches.has('scoreOnly'), signature, isJson });
  });
  output.line(formatScores(results, { isJson, isColourful }));
  if (switches.has('detail')) output.line('No subset information found. Consider using --origlang argument.');
}

export function printSystems(
  systems: readonly ScoreSystem[],
  references: readonly (readonly string[])[],
  metrics: readonly Metric<Score>[],
  { format, isColourful, width, switches, profile }: ScoreSettings,
  output: Output,
): void {
  const columns = byName(metrics).map((metric) => {
    const statistics = metric.systemsStatistics(
      systems.map(({ lines }) => lines),
      references,
    );
    const results = statistics.map((rows) => metric.scoreOfRows(rows, { profile }));
    const signature = metric.getSignature({ short: switches.has('short') });
    const scores = results.map((result) => result.format({ width, scoreOnly: true }));
    return { name: results[0]?.name ?? '', signature, scores };
  });
  output.line(
    formatSystems(
      systems.map(({ name }) => name),
      columns,
      { format, isColourful },
    ),
  );
}

/** Sorted by sacreBLEU's names of the classes. */
function byName(metrics: readonly Metric<Score>[]): Metric<Score>[] {
  const order = [BLEU, CHRF, TER];
  const rank = (metric: Metric<Score>): number => order.findIndex((type) => metric instanceof type);
  return [...metrics].sort((left, right) => rank(left) - rank(right));
}
