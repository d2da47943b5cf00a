import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { isAddonBuilt, isSanitized } from './native-support.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bleubird-starved-'));
afterAll(() => rmSync(folder, { recursive: true }));

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const library = path.join(folder, 'refuse-memory.so');
const isMade =
  process.platform === 'linux' &&
  spawnSync('cc', ['-shared', '-fPIC', here('refuse-memory.c'), '-o', library]).status === 0;

describe.skipIf(!isAddonBuilt || isSanitized || !isMade)('out of memory (skipped without addon or C compiler)', () => {
  it('each kernel throws, on any number of threads, and the process goes on', () => {
    const env = { ...process.env, LD_PRELOAD: library, BLEUBIRD_STARVE: path.join(folder, 'starve') };
    const { status, stdout, stderr } = spawnSync(process.execPath, [here('starved-kernels.ts')], {
      encoding: 'utf8',
      env,
    });
    const lines = (state: string, error: string): string[] =>
      ['attention', 'crossEntropy', 'gemm', 'allocate'].flatMap((kernel) =>
        [1, 2, 3].map((threads) => `${state} ${kernel} on ${threads}: ${error}`),
      );
    expect(stderr).toBe('');
    expect(stdout.trimEnd().split('\n')).toEqual([
      ...lines('starved', 'the native backend has no memory left for a tensor'),
      ...lines('fed', 'none'),
      'starved but for what is idle: none',
    ]);
    expect(status).toBe(0);
  });
});
