import { join, resolve } from 'node:path';
import { exists, isFile } from '../engine/files/file-kind.ts';
import { ownExperiments } from './own-files.ts';
import type { World } from './world.ts';

/** How to try the program where there is no experiment file yet. */
export const OWN_EXPERIMENT_COMMAND = 'bleubird run quickstart';

/**
 * Gives the path of an experiment file: as it was typed, or where there is no such file and it is a mere name, such as
 * `quickstart`, of the experiment that comes along under it; it says so.
 */
export function findExperimentFile(typed: string, { cwd, output }: World): string {
  if (!/^[\w-]+$/.test(typed) || exists(resolve(cwd, typed))) return typed;
  const own = join(ownExperiments, `${typed}.yaml`);
  if (!isFile(own)) return typed;
  output.note(`experiment: ${own}`);
  return own;
}
