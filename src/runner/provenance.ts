/** What a run was made with: the program's version, the code's commit, the lock file of the dependencies. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withoutToken } from './trainer-environment.ts';

export interface Provenance {
  readonly versions: Readonly<Record<string, string>>;
  readonly gitCommit: string | null;
  /** Whether tracked files differ from that commit. */
  readonly gitDirty: boolean | null;
  readonly lockfileHash: string | null;
}

/** Gives back what is known; null where there is no git, no repository, no lock file. @param cwd  the user's folder */
export async function readProvenance(cwd: string, env: NodeJS.ProcessEnv): Promise<Provenance> {
  const [gitCommit, changes] = await Promise.all([
    git(['rev-parse', '--verify', 'HEAD'], cwd, env),
    // Untracked files do not count: the store itself would be one.
    git(['status', '--porcelain', '--untracked-files=no'], cwd, env),
  ]);
  const program = dirname(fileURLToPath(import.meta.url));
  return {
    versions: { bleubird: programVersion(program), node: process.versions.node },
    gitCommit,
    gitDirty: gitCommit === null || changes === null ? null : changes !== '',
    lockfileHash: lockfileHash(program),
  };
}

/** A repository that was downloaded may name a program as its monitor, which reading its status would start. */
async function git(parameters: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('git', ['-c', 'core.fsmonitor=false', ...parameters], {
      cwd,
      // Reading must not take locks a user's own git is waiting for.
      env: { ...withoutToken(env), GIT_OPTIONAL_LOCKS: '0' },
      timeout: 5_000,
    });
    return stdout.trim();
  } catch {
    return null; // no git, no repository, or no commit in it yet
  }
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
