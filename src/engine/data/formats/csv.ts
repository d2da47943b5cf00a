import { basename } from 'node:path';
import { pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { DataError } from '../../../errors.ts';
import type { CorpusSpec } from '../../config/experiment.ts';
import type { CorpusBuilder } from '../corpus-builder.ts';
import { defineFormat } from '../corpus-format.ts';
import { detached, REPLACEMENT_CHARACTER } from '../encoding.ts';
import { MAX_LINE_BYTES } from '../line-splitter.ts';
import { fileSource, openText, readingError } from '../read-bytes.ts';
import { pairOfRow, type SentencePaths } from '../row-pairs.ts';

type CsvSpec = Extract<CorpusSpec, { format: 'csv' }>;

const DELIMITERS = { comma: ',', semicolon: ';', tab: '\t' } as const;

/**
 * Comma-separated values as RFC 4180 has them and spreadsheets write them: a field in double quotes may hold delimiters,
 * line ends and doubled quotes. A quotation mark elsewhere is text. The line of a pair is where its row begins.
 */
export const csv = defineFormat('csv', async (spec, _languages, corpus) => {
  await readCsvFile(spec, corpus);
  return basename(spec.path);
});

/** Reads the rows of one file. @throws {DataError} when it cannot be read, or a column of a name is not there */
export async function readCsvFile(spec: CsvSpec, corpus: CorpusBuilder): Promise<void> {
  let columns: Columns | null = spec.has_header ? null : numberedColumns(spec);
  for await (const { row, line } of readRows(spec, corpus.note)) {
    if (columns === null) {
      columns = namedColumns(spec, row);
      continue;
    }
    const found = pairIn(row, columns);
    if ('reason' in found) {
      corpus.report({ file: spec.path, line, ...found });
      continue;
    }
    const { source, target } = found;
    if ((source + target).includes(REPLACEMENT_CHARACTER)) {
      const detail = `reads as ${JSON.stringify([source, target].map((text) => text.slice(0, 60)))}`;
      corpus.report({ file: spec.path, line, reason: 'not-utf8', detail });
    } else {
      corpus.addPair({ source: detached(source), target: detached(target), line }, spec.path);
    }
  }
}

interface Columns {
  readonly source: number;
  readonly target: number;
  /** Where a name leads into a column of JSON: the header, and the names to follow. */
  readonly json: { readonly header: readonly string[]; readonly paths: SentencePaths } | null;
}

function pairIn(row: readonly string[], { source, target, json }: Columns): ReturnType<typeof pairOfRow> {
  if (json !== null) {
    return pairOfRow(Object.fromEntries(row.map((field, place) => [json.header[place] ?? '', field])), json.paths);
  }
  const [sourceText, targetText] = [row[source], row[target]];
  if (sourceText !== undefined && targetText !== undefined) return { source: sourceText, target: targetText };
  const needed = Math.max(source, target) + 1;
  const found = `${row.length} ${row.length === 1 ? 'column' : 'columns'}`;
  return { reason: 'unpaired', detail: `${found}; expected at least ${needed}` };
}

function numberedColumns(spec: CsvSpec): Columns {
  return { source: spec.source_column - 1, target: spec.target_column - 1, json: null };
}

function namedColumns(spec: CsvSpec, header: readonly string[]): Columns {
  let isJson = false;
  const find = (name: string, number: number): number => {
    if (name === '') return number - 1;
    const place = header.indexOf(name);
    if (place >= 0) return place;
    const outer = name.includes('.') ? header.indexOf(name.slice(0, name.indexOf('.'))) : -1;
    if (outer >= 0) {
      isJson = true;
      return outer;
    }
    throw new DataError(
      `${spec.path}, line 1: no column is named ${JSON.stringify(name)}; the header has ${header
        .slice(0, 20)
        .map((each) => JSON.stringify(each.slice(0, 60)))
        .join(', ')}.`,
      { hint: 'Names count as they stand, spaces and capitals too. Is delimiter the right one?' },
    );
  };
  const source = find(spec.source_header, spec.source_column);
  const target = find(spec.target_header, spec.target_column);
  const paths = {
    source: spec.source_header || (header[source] ?? ''),
    target: spec.target_header || (header[target] ?? ''),
  };
  return { source, target, json: isJson ? { header, paths } : null };
}

async function* readRows(
  { path, delimiter }: CsvSpec,
  note: (text: string) => void,
): AsyncGenerator<{ row: string[]; line: number }, void, undefined> {
  const parser = parse({
    delimiter: DELIMITERS[delimiter],
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: MAX_LINE_BYTES,
  });
  pipeline(openText(fileSource(path), note), parser, () => undefined);
  let line = 1;
  try {
    for await (const row of parser as AsyncIterable<string[]>) {
      yield { row, line };
      line += 1 + row.reduce((count, field) => count + (field.match(/\r\n?|\n/g)?.length ?? 0), 0);
    }
  } catch (error) {
    throw error instanceof CsvError ? rowError(path, line, error) : readingError(path, line - 1, error);
  }
}

/** From such a row on nobody can tell where the next one begins. */
function rowError(path: string, line: number, cause: CsvError): DataError {
  const isTooLong = cause.code === 'CSV_MAX_RECORD_SIZE';
  const what = isTooLong ? `is longer than ${MAX_LINE_BYTES} bytes` : 'has a quotation mark that is never closed';
  const known = isTooLong || cause.code === 'CSV_QUOTE_NOT_CLOSED';
  return new DataError(
    `${path}, line ${line}: the row that begins here ${known ? what : `is no CSV: ${cause.message}`}.`,
    {
      hint: 'A field that begins with a quotation mark must end with one. For files without quoting use format tsv.',
      cause,
    },
  );
}
