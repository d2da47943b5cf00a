/** What a run was made with, read from real repositories. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { readProvenance } from '../../src/runner/provenance.ts';
import { temporaryFolder } from '../store/new-store.ts';

const git = (cwd: string, ...parameters: string[]) =>
  execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.org', ...parameters], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

it('reads commit and dirtiness; files that git does not track do not count', async () => {
  const folder = temporaryFolder();
  git(folder, 'init', '-q');
  expect(await readProvenance(folder, process.env)).toMatchObject({ gitCommit: null, gitDirty: null });
  writeFileSync(join(folder, 'a.yaml'), 'a');
  git(folder, 'add', 'a.yaml');
  git(folder, 'commit', '-q', '-m', 'First');
  const commit = git(folder, 'rev-parse', 'HEAD').trim();
  writeFileSync(join(folder, 'untracked'), 'b');
  expect(await readProvenance(folder, process.env)).toMatchObject({ gitCommit: commit, gitDirty: false });
  writeFileSync(join(folder, 'a.yaml'), 'changed');
  expect(await readProvenance(folder, process.env)).toMatchObject({ gitCommit: commit, gitDirty: true });
});

it('knows nothing of git where there is no repository, or no git', async () => {
  const nothing = { gitCommit: null, gitDirty: null };
  const folder = temporaryFolder();
  expect(await readProvenance(folder, process.env)).toMatchObject(nothing);
  expect(await readProvenance(process.cwd(), { PATH: '/nowhere' })).toMatchObject(nothing);
});

it('knows the commit alone where there is no folder for temporary files', async () => {
  const folder = temporaryFolder();
  git(folder, 'init', '-q');
  git(folder, 'commit', '-q', '--allow-empty', '-m', 'First');
  const commit = git(folder, 'rev-parse', 'HEAD').trim();
  vi.stubEnv('TMPDIR', join(folder, 'nowhere'));
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await readProvenance(folder, process.env)).toMatchObject({ gitCommit: commit, gitDirty: null });
});

it('starts nothing that the repository names, and tells git no token', async () => {
  const folder = temporaryFolder();
  const environment = join(folder, 'environment');
  const started = (what: string) => join(folder, `started-${what}`);
  const program = (what: string) => {
    const path = join(folder, what);
    writeFileSync(path, `#!/bin/sh\ntouch ${started(what)}\ncat\n`, { mode: 0o755 });
    return path;
  };
  git(folder, 'init', '-q');
  writeFileSync(join(folder, 'a.yaml'), 'a');
  writeFileSync(join(folder, '.gitattributes'), '*.yaml filter=x\n');
  git(folder, 'add', 'a.yaml', '.gitattributes');
  git(folder, 'commit', '-q', '-m', 'First');
  git(folder, 'config', 'core.fsmonitor', program('monitor'));
  git(folder, 'config', 'filter.x.clean', program('filter'));
  const touch = () => utimesSync(join(folder, 'a.yaml'), 1, 1); // so that git looks into the file
  touch();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'git'), `#!/bin/sh\nenv > ${environment}\nPATH=\${PATH#*:} exec git "$@"\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, HF_TOKEN: 'hf_secret' };
  expect(await readProvenance(folder, env)).toMatchObject({ gitDirty: false });
  expect(readFileSync(environment, 'utf8')).not.toContain('hf_secret');
  const isStarted = () => ['monitor', 'filter'].map((what) => existsSync(started(what)));
  expect(isStarted()).toEqual([false, false]);
  touch();
  git(folder, 'status', '--porcelain');
  expect(isStarted()).toEqual([true, true]); // they would have been
});

it('reads a work tree of its own and a folder below the top', async () => {
  const folder = temporaryFolder();
  git(folder, 'init', '-q', 'main');
  const main = join(folder, 'main');
  mkdirSync(join(main, 'below'));
  writeFileSync(join(main, 'below', 'a.yaml'), 'a');
  git(main, 'add', '.');
  git(main, 'commit', '-q', '-m', 'First');
  git(main, 'worktree', 'add', '-q', '--detach', '../tree');
  const tree = join(folder, 'tree', 'below');
  const gitCommit = git(main, 'rev-parse', 'HEAD').trim();
  expect(await readProvenance(tree, process.env)).toMatchObject({ gitCommit, gitDirty: false });
  writeFileSync(join(main, 'below', 'a.yaml'), 'changed');
  expect(await readProvenance(join(main, 'below'), process.env)).toMatchObject({ gitCommit, gitDirty: true });
  expect(await readProvenance(tree, process.env)).toMatchObject({ gitCommit, gitDirty: false });
});
