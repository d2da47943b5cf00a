/** The experiments to start from: those of the working directory's `experiments` folder, then those that come along. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { valuesFromExperiment } from '../engine/config/check-values.ts';
import { parseExperiment } from '../engine/config/parse-experiment.ts';
import { AppError } from '../errors.ts';
import type { Preset } from '../ui/services.ts';
import { ownExperiments } from './own-files.ts';

/** What a newcomer is to begin with. */
const FIRST = 'quickstart';

/**
 * Gives quickstart first, then by file name those of the working directory and those that come along; of two files of
 * one name, the one in the working directory.
 */
export function listPresets(cwd: string, comingAlong = ownExperiments): readonly Preset[] {
  const paths = [resolve(cwd, 'experiments'), comingAlong].flatMap(listExperimentFiles);
  const byName = new Map<string, string>();
  for (const path of paths) if (!byName.has(basename(path))) byName.set(basename(path), path);
  const presets = [...byName.values()].map(readPreset);
  return [...presets.filter(({ name }) => name === FIRST), ...presets.filter(({ name }) => name !== FIRST)];
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
    const experiment = parseExperiment(readFileSync(path, 'utf8'), { fileName: path, directory: resolve(path, '..') });
    return { name, description: experiment.description, path, values: valuesFromExperiment(experiment) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { name, description: `Cannot be used: ${error.message}`, path, values: {} };
  }
}
