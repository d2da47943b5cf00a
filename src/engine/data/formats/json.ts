import { basename } from 'node:path';
import type { CorpusBuilder } from '../corpus-builder.ts';
import { defineFormat } from '../corpus-format.ts';
import { readJsonRows, startsAsArray } from '../json-rows.ts';
import { FIELD_CURE, type SentencePaths, sentencePaths } from '../row-pairs.ts';
import { addJsonRow, readJsonlFile } from './jsonl.ts';

/**
 * JSON as `load_dataset("json")` takes it: an array of objects, an object one field of which is that array, or one object a
 * line. The line of a pair is where its object begins.
 */
export const json = defineFormat(
  'json',
  async (spec, languages, corpus) => {
    await readJsonFile(spec.path, spec.field, sentencePaths(spec, languages), corpus);
    return basename(spec.path);
  },
  {
    unpaired: FIELD_CURE,
    malformed: `${FIELD_CURE} Where one field of an object holds the rows, set field to its name, such as "field: data".`,
  },
);

/** Reads the objects of one file. @throws {DataError} as readJsonRows and readJsonlFile */
export async function readJsonFile(
  path: string,
  field: string | null,
  paths: SentencePaths,
  corpus: CorpusBuilder,
): Promise<void> {
  if (field === null && !(await startsAsArray(path))) {
    await readJsonlFile(path, paths, corpus);
    return;
  }
  for await (const row of readJsonRows(path, field, corpus.note)) addJsonRow(row, path, paths, corpus);
}
