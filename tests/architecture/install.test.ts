/** Holds the install to its promise: nothing compiles, nothing runs at install time but what we named. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const lock = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8')) as {
  packages: Record<string, { gypfile?: boolean; hasInstallScript?: boolean; resolved?: string; link?: boolean }>;
};
const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
  allowScripts: Record<string, boolean>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

describe('the lock file', () => {
  // npm ci takes a package with a binding.gyp for one to compile unless the lock's own entry says otherwise, and
  // rewriting the lock drops that word: put `"gypfile": false` back into the entry named by this test.
  it('keeps npm from compiling packages that ship their binaries', () => {
    const compiled = Object.entries(lock.packages)
      .filter(([path]) => path !== '' && existsSync(`${root}/${path}/binding.gyp`))
      .filter(([, entry]) => entry.gypfile !== false)
      .map(([path]) => path);
    expect(compiled).toEqual([]);
  });

  it('holds the binaries of every platform the linter runs on', () => {
    for (const platform of ['linux-x64', 'linux-arm64', 'linux-x64-musl', 'darwin-arm64', 'darwin-x64', 'win32-x64'])
      expect(lock.packages).toHaveProperty([`node_modules/@biomejs/cli-${platform}`]);
  });

  it('names every package that may run a script, for npm 12, which blocks the others', () => {
    const scripted = Object.entries(lock.packages)
      .filter(([path, entry]) => path !== '' && entry.hasInstallScript)
      .map(([path]) => path.replace(/^.*node_modules\//, ''))
      .filter((name) => name !== 'fsevents'); // macOS only; Vite's watcher works without it
    for (const name of scripted) expect(manifest.allowScripts).toHaveProperty([name]);
    expect(scripted).toContain('node');
  });

  it('names no registry', () => {
    const resolved = Object.values(lock.packages).filter((entry) => entry.resolved && !entry.link);
    expect(resolved).toEqual([]);
  });
});

describe('package.json', () => {
  it('pins every dependency to one version', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});
