/** Writes an experiment as a file that reads back to the same experiment. */
import { stringify } from 'yaml';
import { fieldText, valueAt } from './check-values.ts';
import type { Experiment } from './experiment.ts';
import { experimentFields } from './experiment-fields.ts';

/** One line each, and words such as `no` quoted, which older YAML readers take for booleans. */
const yamlOptions = { lineWidth: 0, compat: 'yaml-1.1' } as const;

/** Gives the YAML text of an experiment, every field that has a value in the order of the field table. */
export function formatExperiment(experiment: Experiment): string {
  const lines: string[] = [];
  let openSections: readonly string[] = [];
  for (const { path } of experimentFields) {
    const value = valueAt(experiment, path);
    if (value === null) continue;
    const sections = path.split('.').slice(0, -1);
    sections.forEach((section, depth) => {
      const isOpen = sections.slice(0, depth + 1).every((name, index) => openSections[index] === name);
      if (!isOpen) lines.push(`${'  '.repeat(depth)}${section}:`);
    });
    openSections = sections;
    const key = path.slice(path.lastIndexOf('.') + 1);
    const text = typeof value === 'string' ? stringify(value, yamlOptions).trimEnd() : fieldText(value);
    lines.push(`${'  '.repeat(sections.length)}${key}: ${text}`);
  }
  return `${lines.join('\n')}\n`;
}
