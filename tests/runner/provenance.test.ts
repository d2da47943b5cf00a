/** What a run was made with, read from real repositories. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
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

it('starts nothing that the repository names, and tells git no token', async () => {
  const folder = temporaryFolder();
  const monitor = join(folder, 'monitor');
  const environment = join(folder, 'environment');
  writeFileSync(monitor, `#!/bin/sh\necho started > ${folder}/started\n`, { mode: 0o755 });
  git(folder, 'init', '-q');
  writeFileSync(join(folder, 'a.yaml'), 'a');
  git(folder, 'add', 'a.yaml');
  git(folder, 'commit', '-q', '-m', 'First');
  git(folder, 'config', 'core.fsmonitor', monitor);
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'git'), `#!/bin/sh\nenv > ${environment}\nPATH=\${PATH#*:} exec git "$@"\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, HF_TOKEN: 'hf_secret' };
  expect(await readProvenance(folder, env)).toMatchObject({ gitDirty: false });
  expect(readFileSync(environment, 'utf8')).not.toContain('hf_secret');
  expect(existsSync(join(folder, 'started'))).toBe(false);
  git(folder, 'status', '--porcelain');
  expect(existsSync(join(folder, 'started'))).toBe(true); // it would have been
});
