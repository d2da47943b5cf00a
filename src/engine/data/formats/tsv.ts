import { basename } from 'node:path';
import { defineFormat } from '../corpus-format.ts';
import { detached } from '../encoding.ts';
import { readLines } from '../read-lines.ts';

/** Tab-separated columns without quoting: a quotation mark is text. */
export const tsv = defineFormat(
  'tsv',
  async (spec, _languages, corpus) => {
    const needed = Math.max(spec.source_column, spec.target_column);
    for await (const line of readLines(spec.path, corpus.note)) {
      if (line.text === null) {
        corpus.reportUnreadable(spec.path, line);
        continue;
      }
      const columns = line.text.split('\t');
      const source = columns[spec.source_column - 1];
      const target = columns[spec.target_column - 1];
      if (source === undefined || target === undefined) {
        const detail = `${columns.length} ${columns.length === 1 ? 'column' : 'columns'}; expected at least ${needed}`;
        corpus.report({ file: spec.path, line: line.number, reason: 'unpaired', detail });
      } else {
        // Columns are slices of their line, which would keep it whole.
        const keep = columns.length > 2 ? detached : (text: string): string => text;
        corpus.addPair({ source: keep(source), target: keep(target), line: line.number }, spec.path);
      }
    }
    return basename(spec.path);
  },
  {
    unpaired:
      'Set source_column and target_column of the corpus to columns it has, or format to what the file is: columns are parted by tabs.',
  },
);
