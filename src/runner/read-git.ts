/**
 * Which commit a folder stands at, and whether its tracked files differ from it. The repository may be one that was
 * downloaded, and its own settings may name programs (monitor, filters, hooks, transports), which `git status` would start.
 * So git gets settings of ours, made for the purpose, and of the repository only its index and its objects.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from '../engine/files/system-error.ts';
import { withoutToken } from './trainer-environment.ts';

export interface GitState {
  readonly gitCommit: string | null;
  /** Whether tracked files differ from that commit. */
  readonly gitDirty: boolean | null;
}

/** Gives back what is known; null where there is no git, no repository, no commit, no folder for temporary files. */
export async function readGit(cwd: string, env: NodeJS.ProcessEnv): Promise<GitState> {
  // This reads the repository's settings, and starts nothing that they name.
  const places = ['--absolute-git-dir', '--git-common-dir', '--show-toplevel', 'HEAD'];
  const told = await git(['rev-parse', ...places], cwd, env);
  const [gitDirectory, common, top, gitCommit] = told?.split('\n') ?? [];
  if (gitDirectory === undefined || common === undefined || top === undefined || gitCommit === undefined) {
    return { gitCommit: null, gitDirty: null };
  }
  const gitDirty = await differs({ gitDirectory, common: resolve(cwd, common), top, gitCommit }, env).catch(
    (error: unknown) => {
      if (errorCode(error) === null) throw error;
      return null; // a TMPDIR that is missing or full keeps no run from beginning
    },
  );
  return { gitCommit, gitDirty };
}

interface Repository {
  readonly gitDirectory: string;
  readonly common: string;
  readonly top: string;
  readonly gitCommit: string;
}

/** Says whether tracked files differ from the commit, null where git does not say. @throws the file system's error */
async function differs(
  { gitDirectory, common, top, gitCommit }: Repository,
  env: NodeJS.ProcessEnv,
): Promise<boolean | null> {
  const stand = await mkdtemp(join(tmpdir(), 'bleubird-git-'));
  try {
    await mkdir(join(stand, 'refs'));
    await writeFile(join(stand, 'HEAD'), `${gitCommit}\n`);
    await writeFile(join(stand, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = false\n');
    // Untracked files do not count: the store itself would be one.
    const asked = ['status', '--porcelain', '--untracked-files=no', '--ignore-submodules=all'];
    const changes = await git(asked, top, {
      ...env,
      GIT_DIR: stand,
      GIT_WORK_TREE: top,
      GIT_INDEX_FILE: join(gitDirectory, 'index'),
      GIT_OBJECT_DIRECTORY: join(common, 'objects'),
    });
    return changes === null ? null : changes !== '';
  } finally {
    await rm(stand, { recursive: true, force: true });
  }
}

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
