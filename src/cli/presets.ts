/** The experiments to start from: those of the working directory, of its `experiments` folder, and those that come along. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { valuesFromExperiment } from '../engine/config/check-values.ts';
import { parseExperiment } from '../engine/config/parse-experiment.ts';
import { AppError, ConfigError } from '../errors.ts';
import type { Preset } from '../ui/services.ts';
import { ownExperiments } from './own-files.ts';

/** Of a working directory so many YAML files are looked at, and so many experiments among them offered. */
const MOST_LOOKED_AT = 200;
const MOST_OFFERED = 30;
/** An experiment file is far smaller. */
const MOST_BYTES = 256 * 1024;

/**
 * Gives the experiment files in the working directory first, then quickstart, then by file name those of its
 * `experiments` folder and those that come along; of two files of one name, the one nearer to the working directory.
 */
export function listPresets(cwd: string, comingAlong = ownExperiments): readonly Preset[] {
  const mine = listExperimentFiles(cwd).slice(0, MOST_LOOKED_AT).filter(looksLikeExperiment).slice(0, MOST_OFFERED);
  const others = [resolve(cwd, 'experiments'), comingAlong].flatMap(listExperimentFiles);
  const isFirst = (path: string) => /^quickstart\.ya?ml$/.test(basename(path));
  const byName = new Map<string, string>();
  for (const path of [...mine, ...others.filter(isFirst), ...others.filter((path) => !isFirst(path))]) {
    if (!byName.has(basename(path))) byName.set(basename(path), path);
  }
  return [...byName.values()].map(readPreset);
}

/**
 * Whether a YAML file, which may be about anything, has the keys of an experiment at its top level. It is not parsed: an
 * experiment with a mistake in it is one, too.
 */
function looksLikeExperiment(path: string): boolean {
  const text = textOrFault(path);
  if (text instanceof AppError) return false;
  const hasKey = (key: string) => new RegExp(`^(["']?)${key}\\1\\s*:`, 'm').test(text);
  return hasKey('model') && (hasKey('data') || hasKey('training'));
}

function textOrFault(path: string): string | AppError {
  try {
    return readSmallText(path);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function readSmallText(path: string): string {
  try {
    const status = statSync(path);
    if (status.isDirectory()) throw new ConfigError(`${path} is a folder, no experiment file.`);
    if (!status.isFile()) throw new ConfigError(`${path} is a device or a pipe, no experiment file.`);
    if (status.size > MOST_BYTES) {
      throw new ConfigError(`${path} has ${status.size} bytes; an experiment file has at most ${MOST_BYTES}.`);
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof AppError || !(error instanceof Error && 'code' in error)) throw error;
    throw new ConfigError(`${path} cannot be read: ${error.message}`, [], { cause: error });
  }
}

function listExperimentFiles(directory: string): string[] {
  try {
    const names = readdirSync(directory).filter((name) => /\.ya?ml$/.test(name));
    return names.sort().map((name) => join(directory, name));
  } catch (error) {
    // A working directory without experiments is the usual case.
    if (error instanceof Error && 'code' in error) return [];
    throw error;
  }
}

/** A file that is no sound experiment is offered too, with its fault as the description: its absence would puzzle. */
function readPreset(path: string): Preset {
  const name = basename(path).replace(/\.ya?ml$/, '');
  try {
    const experiment = parseExperiment(readSmallText(path), { fileName: path, directory: resolve(path, '..') });
    return { name, description: experiment.description, path, values: valuesFromExperiment(experiment) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { name, description: `Cannot be used: ${error.message}`, path, values: {} };
  }
}
