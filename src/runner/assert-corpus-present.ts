/** Looks whether the files of an experiment are there, before there is a run: a misspelt path should leave none behind. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { CorpusSpec, DataConfig } from '../engine/config/experiment.ts';
import { readingError } from '../engine/data/read-bytes.ts';

/** What the files hold, the trainer finds out. @throws {DataError} naming the first that is missing or unreadable */
export async function assertCorpusPresent({ corpus, validation_corpus }: DataConfig): Promise<void> {
  for (const path of [corpus, validation_corpus].flatMap((spec) => (spec === null ? [] : pathsOf(spec)))) {
    await access(path, constants.R_OK).catch((error: unknown) => {
      throw readingError(path, 0, error);
    });
  }
}

/** What is downloaded or belongs to a package is looked for when it is read. */
function pathsOf(spec: CorpusSpec): readonly string[] {
  if (spec.format === 'moses') return [spec.source, spec.target];
  return 'path' in spec ? [spec.path] : [];
}
