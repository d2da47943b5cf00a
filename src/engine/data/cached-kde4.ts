/** KDE4 where Python has left it: as a dataset of parquet files in the cache of the Hugging Face hub. */
import { join } from 'node:path';
import { DataError } from '../../errors.ts';
import { findCachedSnapshot } from '../hub/hub-files.ts';
import type { CorpusWorld } from './corpus-format.ts';
import { chooseDatasetFiles } from './dataset-files.ts';
import { readSmallText } from './read-bytes.ts';

/** The name in the course, and where the dataset moved to. */
const DATASETS = ['kde4', 'Helsinki-NLP/kde4'];
/** The second is what the hub makes of datasets with a script. */
const REVISIONS = ['main', 'refs/convert/parquet'];

/**
 * Finds the files that hold the pairs of two languages.
 * @param pair  both in alphabetical order: `en-fr`
 * @returns paths in order; none where the cache has no such dataset, or not the whole of it
 */
export async function findCachedKde4(pair: string, { env }: CorpusWorld): Promise<string[]> {
  for (const id of DATASETS) {
    for (const revision of REVISIONS) {
      const cached = findCachedSnapshot({ id, type: 'dataset', revision, env });
      if (cached === null) continue;
      const { directory, names } = cached;
      const readme = names.includes('README.md') ? await readSmallText(join(directory, 'README.md')) : null;
      try {
        const chosen = chooseDatasetFiles({ id, files: names, readme, config: pair, split: 'train' });
        if (chosen.kind === 'parquet') return chosen.files.map((file) => join(directory, file));
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
      }
    }
  }
  return [];
}
