/** Reads an experiment file from disk. */
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { readSmallFile, UnfitFileError } from '../files/read-small-file.ts';
import { errorCode } from '../files/system-error.ts';
import type { Experiment } from './experiment.ts';
import { type ParseOptions, parseExperiment } from './parse-experiment.ts';

/** Bytes; the parser's own limit is lower, this one keeps a corpus given by mistake out of memory. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads an experiment file.
 *
 * @param options  what wins over the file
 * @throws {ConfigError} when the file cannot be read or is not a sound experiment
 */
export async function readExperiment(
  path: string,
  options: Pick<ParseOptions, 'overrides' | 'overrideDirectory' | 'device'> = {},
): Promise<Experiment> {
  const text = decode(await readBytes(path), path);
  return parseExperiment(text, { fileName: path, directory: dirname(resolve(path)), ...options });
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readSmallFile(path, MAX_BYTES);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): ConfigError {
  if (cause instanceof UnfitFileError)
    return new ConfigError(`${path} is no experiment file: it ${cause.message}.`, [], { cause });
  const code = errorCode(cause) ?? '';
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a folder; expected a file',
    EACCES: 'no permission to read it',
  };
  return new ConfigError(`Cannot read the experiment ${path}: ${reasons[code] ?? String(cause)}.`, [], {
    hint: 'Experiments that come along are given by their names: `bleubird run quickstart`.',
    cause,
  });
}

function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError(`${path} is not UTF-8 text; expected an experiment file in YAML.`, [], { cause });
  }
}
