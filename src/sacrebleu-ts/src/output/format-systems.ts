/** The text sacreBLEU prints for several systems: plain scores, or a paired test, as a table, LaTeX or JSON. */
import { formatFixed, formatFloat } from '../python/format-number.ts';
import type { PairedMetricResult, PairedTestResult } from '../statistics/paired-test.ts';
import type { PairedResult } from '../statistics/paired-test-steps.ts';
import { type Paint, paintWith } from './colour.ts';
import { explainPairedTest } from './explain-paired-test.ts';
import { formatTable } from './results-table.ts';

export type SystemsFormat = 'text' | 'latex' | 'json';

export interface SystemsFormatOptions {
  readonly format: SystemsFormat;
  /** Decimals of scores in text and LaTeX, 1 by default. */
  readonly width?: number;
  /** Print the signatures' short form. */
  readonly short?: boolean;
  readonly isColourful?: boolean;
}

/** One metric of several systems, without a test. */
export interface MetricColumn {
  readonly name: string;
  readonly signature: string;
  /** Formatted already, one a system. */
  readonly scores: readonly string[];
}

/** The scores of several systems, without a line break at the end. */
export function formatSystems(
  systems: readonly string[],
  metrics: readonly MetricColumn[],
  { format, isColourful = false }: SystemsFormatOptions,
): string {
  if (format === 'json') {
    return formatJson(
      systems,
      metrics.map(({ name, scores }) => ({ name, values: scores.map(quote) })),
    );
  }
  const columns = metrics.map(({ name, scores }) => ({ header: name, cells: scores }));
  return [table(systems, columns, format, paintWith(isColourful)), '', formatSignatures(metrics)].join('\n');
}

/**
 * A paired test as sacreBLEU prints it, without a line break at the end. JSON holds the numbers unrounded (where sacreBLEU
 * on NumPy 2 fails at a float32, its value is printed).
 */
export function formatPairedTest(test: PairedTestResult, options: SystemsFormatOptions): string {
  const { format, width = 1, short = false, isColourful = false } = options;
  if (format === 'json') {
    const metrics = test.metrics.map(({ name, results }) => ({ name, values: results.map(resultAsJson) }));
    return formatJson(test.systems, metrics);
  }
  const paint = paintWith(isColourful);
  const isSpread = format === 'text';
  // As in sacreBLEU, once one metric has means all later ones are headed so; they all have them or none does.
  const columns = test.metrics.map(({ name, results }) => ({
    header: results.some(({ mean }) => mean !== null) ? `${name} (μ ± 95% CI)` : name,
    cells: results.map((result) => formatResult(result, width, isSpread ? '\n' : ' ', paint)),
  }));
  const baseline = test.systems[0]?.startsWith('Baseline:') ? test.systems[0] : '';
  const signatures = test.metrics.map(({ name, ...metric }) => ({ name, signature: signatureOf(metric, short) }));
  return [
    table(test.systems, columns, format, paint),
    '',
    explainPairedTest({ ...test, baseline, paint }),
    '',
    formatSignatures(signatures),
  ].join('\n');
}

function signatureOf(metric: Omit<PairedMetricResult, 'name'>, short: boolean): string {
  return short ? metric.shortSignature : metric.signature;
}

function formatResult({ score, pValue, mean, ci }: PairedResult, width: number, between: string, paint: Paint): string {
  const confidence = mean === null || ci === null ? '' : ` (${formatFixed(mean, width)} ± ${formatFixed(ci, width)})`;
  const text = `${formatFixed(score, width)}${confidence}`;
  if (pValue === null) return text;
  const shown = `(p = ${formatFixed(pValue, 4)})`;
  return `${text}${between}${pValue > 0.05 ? paint(shown, 'red') : `${shown}*`}`;
}

interface Column {
  readonly header: string;
  readonly cells: readonly string[];
}

function table(systems: readonly string[], columns: readonly Column[], format: 'text' | 'latex', paint: Paint): string {
  const hasBaseline = systems[0]?.startsWith('Baseline:') === true;
  const all = [{ header: 'System', cells: systems }, ...columns];
  const cell = ({ cells }: Column, row: number): string => {
    const text = cells[row] ?? '';
    return row === 0 && hasBaseline ? paint(text, 'yellow') : text;
  };
  return formatTable(
    all.map(({ header }) => paint(header, 'cyan')),
    systems.map((_, row) => all.map((column) => cell(column, row))),
    format === 'text' ? 'fancy_grid' : 'latex_booktabs',
  );
}

function formatSignatures(metrics: readonly { readonly name: string; readonly signature: string }[]): string {
  const rule = '-----------------';
  const lines = metrics.map(({ name, signature }) => ` - ${name.padEnd(10)} ${signature}`);
  return [rule, 'Metric signatures', rule, ...lines].join('\n');
}

function formatJson(
  systems: readonly string[],
  metrics: readonly { readonly name: string; readonly values: readonly string[] }[],
): string {
  const objects = systems.map((system, row) => {
    const fields = [['system', quote(system)], ...metrics.map(({ name, values }) => [name, values[row] ?? 'null'])];
    return `    {\n${fields.map(([key = '', json]) => `        ${quote(key)}: ${json}`).join(',\n')}\n    }`;
  });
  return `[\n${objects.join(',\n')}\n]`;
}

function resultAsJson({ score, pValue, mean, ci }: PairedResult): string {
  const fields = Object.entries({ score, p_value: pValue, mean, ci });
  const lines = fields.map(([key, value]) => `            "${key}": ${value === null ? 'null' : formatFloat(value)}`);
  return `{\n${lines.join(',\n')}\n        }`;
}

/** Python's JSON has ASCII only. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => {
    return unit === '\u007f' ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
