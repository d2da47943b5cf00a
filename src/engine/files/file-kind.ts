/** What lies at a path, links followed. What may not be looked at counts as not there: whoever reads it is told why. */
import { type Stats, statSync } from 'node:fs';

/** Whether anything is there. */
export function exists(path: string): boolean {
  return statusOf(path) !== undefined;
}

/** Whether a file is there. */
export function isFile(path: string): boolean {
  return statusOf(path)?.isFile() ?? false;
}

/** Whether a folder is there. */
export function isDirectory(path: string): boolean {
  return statusOf(path)?.isDirectory() ?? false;
}

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // a folder on the way may not be searched, or links lead in a circle
  }
}
