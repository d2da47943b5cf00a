import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exists, isDirectory, isFile } from '../../../src/engine/files/file-kind.ts';

const folder = mkdtempSync(join(tmpdir(), 'bleubird-kinds-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what lies at a path', () => {
  it('is told of files, folders, pipes and links, and of what may not be looked at', () => {
    const at = (name: string) => join(folder, name);
    writeFileSync(at('file'), '');
    execFileSync('mkfifo', [at('pipe')]);
    symlinkSync('file', at('link'));
    symlinkSync('nowhere', at('broken'));
    symlinkSync('circle', at('circle'));
    const kinds = (path: string) => [exists(path), isFile(path), isDirectory(path)];
    expect(kinds(folder)).toEqual([true, false, true]);
    expect(kinds(at('file'))).toEqual([true, true, false]);
    expect(kinds(at('link'))).toEqual([true, true, false]);
    expect(kinds(at('pipe'))).toEqual([true, false, false]);
    for (const name of ['broken', 'circle', 'file/below', 'none'])
      expect(kinds(at(name))).toEqual([false, false, false]);
  });
});
