import type { CorpusBuilder } from '../corpus-builder.ts';
import { listCorpusFiles } from '../corpus-files.ts';
import { defineFormat } from '../corpus-format.ts';
import { REPLACEMENT_CHARACTER } from '../encoding.ts';
import { readParquetPairs } from '../parquet-file.ts';
import { FIELD_CURE, type SentencePaths, sentencePaths } from '../row-pairs.ts';

/**
 * Parquet files as `datasets` writes them: a struct `translation` with a text a language, or two columns that are named.
 * A file, or a folder of them in the order of their names. What stands for the line of a pair is its row, the first being 1.
 */
export const parquet = defineFormat(
  'parquet',
  async (spec, languages, corpus) => {
    const { name, files } = await listCorpusFiles(spec.path, ['.parquet']);
    for (const file of files) await readParquetFile(file, sentencePaths(spec, languages), corpus);
    return name;
  },
  { unpaired: FIELD_CURE, malformed: FIELD_CURE },
);

/**
 * Reads the rows of one file. Rows in which a sentence is null are left out and reported.
 * @returns how many rows there were
 * @throws {DataError} as readParquetPairs
 */
export async function readParquetFile(path: string, paths: SentencePaths, corpus: CorpusBuilder): Promise<number> {
  let line = 0;
  for await (const rows of readParquetPairs(path, paths)) {
    for (const found of rows) {
      line += 1;
      if ('reason' in found) corpus.report({ file: path, line, ...found });
      else if ((found.source + found.target).includes(REPLACEMENT_CHARACTER)) {
        const detail = `reads as ${JSON.stringify([found.source, found.target].map((text) => text.slice(0, 60)))}`;
        corpus.report({ file: path, line, reason: 'not-utf8', detail });
      } else corpus.addPair({ ...found, line }, path);
    }
  }
  return line;
}
