/**
 * A folder's SHA256SUMS, in the format of sha256sum: what says later whether its files are the ones that were written.
 * `sha256sum -c SHA256SUMS` checks them too.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readSmallFile, UnfitFileError } from '../files/read-small-file.ts';

export const CHECKSUM_FILE = 'SHA256SUMS';
const MAX_BYTES = 1_000_000;

/** Writes the checksums of all files that lie in a folder; folders in it are left out. */
export async function writeChecksums(directory: string): Promise<void> {
  const names = (await readdir(directory, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name !== CHECKSUM_FILE)
    .map(({ name }) => name)
    .sort();
  const lines: string[] = [];
  for (const name of names) lines.push(`${await sha256Of(join(directory, name))}  ${name}\n`);
  await writeFile(join(directory, CHECKSUM_FILE), lines.join(''), { mode: 0o600 });
}

/**
 * Says what is wrong with the files of a folder, by its checksums; null when nothing is. Files not listed do not count.
 *
 * @param isNeeded  leaves out files that do not matter, by default none
 */
export async function checksumProblem(
  directory: string,
  isNeeded: (name: string) => boolean = () => true,
): Promise<string | null> {
  const path = join(directory, CHECKSUM_FILE);
  const text = await readSmallFile(path, MAX_BYTES).then(String, (error: unknown) =>
    error instanceof UnfitFileError ? '' : null,
  );
  if (text === null) return `there is no ${CHECKSUM_FILE}`;
  const lines = text.split('\n');
  // An empty last line: the file was written to its end.
  if (lines.pop() !== '' || lines.length === 0) return `${CHECKSUM_FILE} is cut off`;
  for (const line of lines) {
    const [, expected, name] = /^([0-9a-f]{64}) {2}([^/\\]+)$/.exec(line) ?? [];
    if (expected === undefined || name === undefined) return `${CHECKSUM_FILE} is damaged`;
    if (!isNeeded(name)) continue;
    const actual = await sha256Of(join(directory, name)).catch(() => null);
    if (actual === null) return `${name} is missing or cannot be read`;
    if (actual !== expected) return `${name} is not what was written`;
  }
  return null;
}

/** @throws when there is no such file, or something else has its name: a device would be read for ever */
async function sha256Of(path: string): Promise<string> {
  if (!(await stat(path)).isFile()) throw new UnfitFileError('is no file');
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
