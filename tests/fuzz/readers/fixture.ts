/** The committed fixtures that are small enough to start from. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);

/** Gives a file of the repository. @param path  from its root */
export function fixture(path: string): Buffer {
  return readFileSync(fileURLToPath(new URL(path, root)));
}
