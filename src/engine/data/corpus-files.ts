/** The files of a corpus whose path may be a folder: translation memories and program catalogues come as many files. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DataError } from '../../errors.ts';
import { readingError } from './read-bytes.ts';

export interface CorpusFiles {
  /** The name to show. */
  readonly name: string;
  readonly files: readonly string[];
}

/**
 * Lists the file at `path`, whatever its name, or the files of these extensions anywhere below the folder at `path`, with
 * `.gz` or without, in the order of their paths' characters. Links to folders are not followed.
 *
 * @param extensions  such as `.po`
 * @throws {DataError} when there is nothing at `path`, or no such file below it
 */
export async function listCorpusFiles(path: string, extensions: readonly string[]): Promise<CorpusFiles> {
  try {
    if (!(await stat(path)).isDirectory()) return { name: basename(path), files: [path] };
    const names = await readdir(path, { recursive: true });
    const hasExtension = (name: string): boolean =>
      extensions.some((extension) => name.toLowerCase().replace(/\.gz$/, '').endsWith(extension));
    const files: string[] = [];
    for (const name of names.filter(hasExtension).sort()) {
      if (!(await stat(join(path, name))).isDirectory()) files.push(join(path, name));
    }
    if (files.length === 0) throw new DataError(`${path} holds no file in ${extensions.join(' or ')}.`);
    return { name: `${basename(path)} (${files.length} ${files.length === 1 ? 'file' : 'files'})`, files };
  } catch (error) {
    throw readingError(path, 0, error);
  }
}
