import { basename } from 'node:path';
import type { CorpusBuilder } from '../corpus-builder.ts';
import { defineFormat } from '../corpus-format.ts';
import type { Line } from '../line-splitter.ts';
import { readLines } from '../read-lines.ts';
import { FIELD_CURE, pairOfRow, type RowProblem, type SentencePaths, sentencePaths } from '../row-pairs.ts';

/** One JSON object a line, as `datasets` and run_translation.py have it: `{"translation": {"en": …, "fr": …}}`. */
export const jsonl = defineFormat(
  'jsonl',
  async (spec, languages, corpus) => {
    await readJsonlFile(spec.path, sentencePaths(spec, languages), corpus);
    return basename(spec.path);
  },
  { unpaired: FIELD_CURE, malformed: FIELD_CURE },
);

/** Reads the objects of one file. @throws {DataError} as readLines */
export async function readJsonlFile(path: string, paths: SentencePaths, corpus: CorpusBuilder): Promise<void> {
  for await (const line of readLines(path, corpus.note)) addJsonRow(line, path, paths, corpus);
}

/** Adds the pair of one object, or reports what is wrong with it. */
export function addJsonRow(row: Line, path: string, paths: SentencePaths, corpus: CorpusBuilder): void {
  if (row.text === null) {
    corpus.reportUnreadable(path, row);
    return;
  }
  const found = parseLine(row.text, paths);
  if ('reason' in found) corpus.report({ file: path, line: row.number, ...found });
  else corpus.addPair({ ...found, line: row.number }, path);
}

function parseLine(text: string, paths: SentencePaths): { source: string; target: string } | RowProblem {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (error) {
    return { reason: 'malformed', detail: error instanceof SyntaxError ? error.message : String(error) };
  }
  return pairOfRow(row, paths);
}
