/** OPUS archives that are not on the machine yet: fetched once into a cache of our own, and known again by their checksum. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CancelledError, DataError } from '../../errors.ts';
import { isFile } from '../files/file-kind.ts';
import { downloadFile } from '../hub/download-file.ts';
import { readHubSettings } from '../hub/hub-settings.ts';
import type { CorpusWorld } from './corpus-format.ts';
import { readingError } from './read-bytes.ts';

/** One release of a corpus for a pair of languages. */
export interface OpusRelease {
  readonly name: string;
  readonly version: string;
  /** Both languages in alphabetical order: `en-fr`. */
  readonly pair: string;
}

const OPUS_URL = 'https://object.pouta.csc.fi';

/** What dataset_infos.json of `datasets` 1.18 records of the archive that the course was written with. */
const KNOWN_ARCHIVES: Readonly<Record<string, { sizeBytes: number; sha256: string }>> = {
  'OPUS-KDE4/v2/moses/en-fr.txt.zip': {
    sizeBytes: 7_049_364,
    sha256: '7ffc0c96d8b27740f58ebaf84a0d3434bb130e714e1a1b9522cb6d3fbb313034',
  },
};

/**
 * Gives the path of the archive of a release, downloading it if it is not in the cache. Its sha256 is written beside it
 * then, and compared each time after.
 *
 * @throws {DataError} when it cannot be had, or is not what it was
 * @throws {CancelledError} when the user stops it
 */
export async function fetchOpusArchive(
  release: OpusRelease,
  { env, signal, onProgress }: CorpusWorld,
): Promise<string> {
  const { path, url, file } = placeOf(release, env);
  if (isFile(path)) {
    await requireUnchanged(path);
    return path;
  }
  if (readHubSettings(env).isOffline) throw absentError(release, env, 'and HF_HUB_OFFLINE forbids to download it');
  try {
    const { sha256 } = await downloadFile({
      url,
      destination: path,
      expected: KNOWN_ARCHIVES[file],
      signal,
      onProgress: (doneBytes, totalBytes) => onProgress?.(url, doneBytes, totalBytes),
    });
    await writeFile(checksumPath(path), `${sha256}  ${release.pair}.txt.zip\n`);
    return path;
  } catch (error) {
    if (error instanceof CancelledError || signal?.aborted) throw error;
    const why = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
    throw absentError(release, env, `and its download failed: ${why}`, error);
  }
}

function placeOf(
  { name, version, pair }: OpusRelease,
  env: NodeJS.ProcessEnv,
): { path: string; url: string; file: string } {
  const file = `OPUS-${name}/${version}/moses/${pair}.txt.zip`;
  const base = (env.BLEUBIRD_OPUS_URL || OPUS_URL).replace(/\/+$/, '');
  const userCache = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache');
  const cache = env.BLEUBIRD_CACHE || join(userCache, 'bleubird');
  return { path: join(cache, 'opus', name, version, `${pair}.txt.zip`), url: `${base}/${file}`, file };
}

function absentError(release: OpusRelease, env: NodeJS.ProcessEnv, why: string, cause?: unknown): DataError {
  const { path, url } = placeOf(release, env);
  const { name, version, pair } = release;
  return new DataError(`The OPUS corpus ${name} ${version} (${pair}) is not on this machine, ${why}.`, {
    hint:
      `On a machine with a network: curl -LO ${url}. Put the file here as ${path}, or into any folder and name that ` +
      'folder in data.corpus.directory.',
    cause,
  });
}

async function requireUnchanged(path: string): Promise<void> {
  const found = await hashFile(path);
  const recorded = await readFile(checksumPath(path), 'utf8').catch(() => null);
  if (recorded === null) {
    await writeFile(checksumPath(path), `${found}  ${path.slice(path.lastIndexOf('/') + 1)}\n`);
  } else if (recorded.slice(0, 64) !== found) {
    throw new DataError(
      `${path} has changed since it was downloaded: its sha256 is ${found}; expected ${recorded.slice(0, 64)}.`,
      {
        hint: `Delete it to download it anew: rm ${path} ${checksumPath(path)}`,
      },
    );
  }
}

function checksumPath(path: string): string {
  return `${path}.sha256`;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch (error) {
    throw readingError(path, 0, error);
  }
  return hash.digest('hex');
}
