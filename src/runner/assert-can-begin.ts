/** What can be known at once of an experiment that cannot be done, before there is a run: a misspelt path should leave none. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { locateCudaPeer } from '../engine/backend/cuda-requirements.ts';
import type { CorpusSpec, Experiment } from '../engine/config/experiment.ts';
import { readingError } from '../engine/data/read-bytes.ts';
import { DataError } from '../errors.ts';

/**
 * Looks whether files and device are there at all. What the files hold, and what the device can do, the trainer finds out.
 *
 * @throws {DataError} naming the first file that is missing, unreadable or without a byte; {DeviceError} without the package of cuda
 */
export async function assertCanBegin({ data, device }: Experiment): Promise<void> {
  if (device === 'cuda') locateCudaPeer();
  const specs = [data.corpus, data.validation_corpus];
  for (const path of specs.flatMap((spec) => (spec === null ? [] : pathsOf(spec)))) await assertSomethingIn(path);
}

async function assertSomethingIn(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
    const status = await stat(path);
    if (status.isFile() && status.size === 0) throw new DataError(`The corpus ${path} is empty: it has no line.`);
  } catch (error) {
    throw readingError(path, null, error);
  }
}

/** What is downloaded or belongs to a package is looked for when it is read. */
function pathsOf(spec: CorpusSpec): readonly string[] {
  if (spec.format === 'moses') return [spec.source, spec.target];
  return 'path' in spec ? [spec.path] : [];
}
