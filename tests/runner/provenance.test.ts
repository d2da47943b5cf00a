/** What a run was made with, read from real repositories. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readProvenance } from '../../src/runner/provenance.ts';
import { temporaryFolder } from '../store/new-store.ts';

const git = (cwd: string, ...parameters: string[]) =>
  execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.org', ...parameters], {
    cwd,
    encoding: 'utf8',
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
