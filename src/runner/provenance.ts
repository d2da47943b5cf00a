/** What a run was made with: the program's version, the code's commit, the lock file of the dependencies. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readGit } from './read-git.ts';

export interface Provenance {
  readonly versions: Readonly<Record<string, string>>;
  readonly gitCommit: string | null;
  /** Whether tracked files differ from that commit. */
  readonly gitDirty: boolean | null;
  readonly lockfileHash: string | null;
}

/** Gives back what is known; null where there is no git, no repository, no lock file. @param cwd  the user's folder */
export async function readProvenance(cwd: string, env: NodeJS.ProcessEnv): Promise<Provenance> {
  const program = dirname(fileURLToPath(import.meta.url));
  return {
    versions: { bleubird: programVersion(program), node: process.versions.node },
    ...(await readGit(cwd, env)),
    lockfileHash: lockfileHash(program),
  };
}

function programVersion(directory: string): string {
  const file = findUpwards('package.json', directory);
  if (file === null) return 'unknown';
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const version = typeof content === 'object' && content !== null && 'version' in content ? content.version : null;
  return typeof version === 'string' ? version : 'unknown';
}

/** The lock file of the checkout, or of the project the program is installed in. */
function lockfileHash(directory: string): string | null {
  const file = findUpwards('package-lock.json', directory);
  return file === null ? null : createHash('sha256').update(readFileSync(file)).digest('hex');
}

function findUpwards(name: string, directory: string): string | null {
  const file = join(directory, name);
  if (existsSync(file)) return file;
  const parent = dirname(directory);
  return parent === directory ? null : findUpwards(name, parent);
}
