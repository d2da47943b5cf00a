/**
 * The cache on this disk, laid out as huggingface_hub does, so that both use what the other has fetched:
 * `models--ORG--NAME/{refs/REVISION, blobs/ETAG, snapshots/COMMIT/FILE → ../../blobs/ETAG}`.
 * huggingface_hub, snapshots: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
 */
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isDirectory, isFile } from '../files/file-kind.ts';

export type RepositoryType = 'model' | 'dataset';

/** One version of one repository, as a user names it. */
export interface RepositoryName {
  /** `org/name`, or `name` for the oldest ones. */
  readonly id: string;
  readonly type: RepositoryType;
  /** Branch, tag or commit. */
  readonly revision: string;
}

/** The folder of one repository in the cache. */
export class CachedRepository {
  readonly directory: string;
  readonly #locks: string;

  constructor(cacheDirectory: string, { id, type }: Pick<RepositoryName, 'id' | 'type'>) {
    const folder = [`${type}s`, ...id.split('/')].join('--');
    this.directory = join(cacheDirectory, folder);
    this.#locks = join(cacheDirectory, '.locks', folder);
  }

  /** The commit that a branch or tag stood for when it was last looked up; a commit is itself; null when not known. */
  commitOf(revision: string): string | null {
    if (isCommit(revision)) return revision;
    const path = join(this.directory, 'refs', revision);
    return isFile(path) ? readFileSync(path, 'utf8').trim() : null;
  }

  /** Folder of a commit's files, there or not. */
  snapshot(commit: string): string {
    return join(this.directory, 'snapshots', commit);
  }

  /** Folder of the files of a revision when it is there; it may hold only some of them. */
  findSnapshot(revision: string): string | null {
    // A short commit, or one that is no name of git's, is looked up as it stands.
    const snapshot = this.snapshot(this.commitOf(revision) ?? revision);
    return isDirectory(snapshot) ? snapshot : null;
  }

  blob(etag: string): string {
    return join(this.directory, 'blobs', etag);
  }

  /** Beside the locks of huggingface_hub, whose kind is not ours. */
  lock(etag: string): string {
    return join(this.#locks, `${etag}.bleubird.lock`);
  }

  /** Remembers what a branch or tag stands for. */
  writeRef(revision: string, commit: string): void {
    if (revision === commit || this.commitOf(revision) === commit) return;
    const path = join(this.directory, 'refs', revision);
    mkdirSync(dirname(path), { recursive: true });
    replace(path, (temporary) => writeFileSync(temporary, commit));
  }

  /** Shows a blob as a file of a commit: by a relative link, by a copy where there are no links. */
  link(commit: string, name: string, etag: string): void {
    const path = join(this.snapshot(commit), name);
    mkdirSync(dirname(path), { recursive: true });
    replace(path, (temporary) => {
      try {
        symlinkSync(relative(dirname(path), this.blob(etag)), temporary);
      } catch (error) {
        if (process.platform !== 'win32') throw error;
        copyFileSync(this.blob(etag), temporary);
      }
    });
  }
}

/** Whether a revision is a whole commit, which never changes what it means. */
function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** Marks the cache as one, as huggingface_hub does, so that backups leave it out. */
export function tagCache(cacheDirectory: string): void {
  const path = join(cacheDirectory, 'CACHEDIR.TAG');
  if (isFile(path)) return;
  mkdirSync(cacheDirectory, { recursive: true });
  const text =
    'Signature: 8a477f597d28d172789f06886806bc55\n# Backups may leave this folder out: bford.info/cachedir\n';
  replace(path, (temporary) => writeFileSync(temporary, text));
}

/** Makes a file under another name and moves it into its place, so that nobody ever sees a part of it. */
function replace(path: string, make: (temporary: string) => void): void {
  const temporary = `${path}.${randomUUID()}`;
  try {
    make(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
