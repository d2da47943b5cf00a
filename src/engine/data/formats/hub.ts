import { join } from 'node:path';
import { DataError } from '../../../errors.ts';
import type { CorpusSpec } from '../../config/experiment.ts';
import { snapshot } from '../../hub/hub-files.ts';
import type { CorpusBuilder } from '../corpus-builder.ts';
import { type CorpusWorld, defineFormat, type Languages } from '../corpus-format.ts';
import { chooseDatasetFiles, type DatasetFiles } from '../dataset-files.ts';
import { readSmallText } from '../read-bytes.ts';
import { FIELD_CURE, sentencePaths } from '../row-pairs.ts';
import { readCsvFile } from './csv.ts';
import { readJsonFile } from './json.ts';
import { readParquetFile } from './parquet.ts';

type HubSpec = Extract<CorpusSpec, { format: 'hub' }>;

/**
 * A dataset of the Hugging Face hub, its files in parquet, JSON, JSONL or CSV, taken from the cache that huggingface_hub uses or
 * downloaded into it. Scripts are not run.
 */
export const hub = defineFormat(
  'hub',
  async (spec, languages, corpus, world) => {
    const { directory, chosen } = await fetchFiles(spec, languages, corpus, world);
    for (const file of chosen.files) await readFileOf(chosen.kind, join(directory, file), spec, languages, corpus);
    const config = chosen.config === null ? '' : ` ${chosen.config}`;
    return `${spec.id}${config} ${spec.split}`;
  },
  { unpaired: FIELD_CURE, malformed: FIELD_CURE },
);

/** README.md first, where there is one: it may say which files the split has. */
async function fetchFiles(
  { id, revision, config, split }: HubSpec,
  languages: Languages,
  corpus: CorpusBuilder,
  { env, signal, onProgress }: CorpusWorld,
): Promise<{ directory: string; chosen: DatasetFiles }> {
  let chosen: DatasetFiles | null = null;
  let refusal: DataError | null = null;
  const fetchSome = async (wantsOf: (all: readonly string[]) => readonly string[]): Promise<string> => {
    try {
      return await snapshot({
        id,
        type: 'dataset',
        revision,
        files: (all) => new Set(wantsOf(all)),
        env,
        signal,
        onProgress: (doneBytes, totalBytes) => onProgress?.(id, doneBytes, totalBytes),
        onWarning: corpus.note,
      });
    } catch (error) {
      // That none of the files is wanted has a reason, which only we know.
      throw refusal ?? error;
    }
  };
  const choose = (files: readonly string[], readme: string | null): readonly string[] => {
    try {
      refusal = null;
      chosen = chooseDatasetFiles({ id, files, readme, config, split }, languages);
      return chosen.files;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      refusal = error;
      return [];
    }
  };
  let hasReadme = false;
  let directory = await fetchSome((all) => {
    hasReadme = all.includes('README.md');
    return hasReadme ? ['README.md'] : choose(all, null);
  });
  if (hasReadme) {
    const readme = await readSmallText(join(directory, 'README.md'));
    directory = await fetchSome((all) => choose(all, readme));
  }
  if (chosen === null) throw refusal ?? new RangeError('A snapshot was given without asking for its files.');
  return { directory, chosen };
}

async function readFileOf(
  kind: DatasetFiles['kind'],
  path: string,
  spec: HubSpec,
  languages: Languages,
  corpus: CorpusBuilder,
): Promise<void> {
  switch (kind) {
    case 'parquet':
      await readParquetFile(path, sentencePaths(spec, languages), corpus);
      return;
    case 'jsonl':
      return readJsonFile(path, null, sentencePaths(spec, languages), corpus);
    case 'csv':
    case 'tsv':
      return readCsvFile(csvSpec(path, kind, spec), corpus);
  }
  return kind satisfies never;
}

/** `datasets` reads both with the first row as the header. */
function csvSpec(
  path: string,
  kind: 'csv' | 'tsv',
  { id, source_field, target_field }: HubSpec,
): Extract<CorpusSpec, { format: 'csv' }> {
  if (source_field === null || target_field === null) {
    throw new DataError(`The dataset ${id} comes as ${kind.toUpperCase()}, whose columns have to be named.`, {
      hint: 'Set data.corpus.source_field and data.corpus.target_field to names of the header.',
    });
  }
  return {
    format: 'csv',
    path,
    delimiter: kind === 'csv' ? 'comma' : 'tab',
    has_header: true,
    source_header: source_field,
    target_header: target_field,
    source_column: 1,
    target_column: 2,
  };
}
