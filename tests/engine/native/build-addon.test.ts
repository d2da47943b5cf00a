import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const root = mkdtempSync(path.join(tmpdir(), 'bleubird-build-'));
afterAll(() => rmSync(root, { recursive: true }));

/** What it is asked to make holds the command that made it. It refuses flags, and fails on sources, as the environment says. */
const compiler = path.join(root, 'fake-c++');
writeFileSync(
  compiler,
  `#!/bin/sh
all=" $* "
case "$all" in *" --version "*) echo fake; exit 0;; esac
for flag in $REFUSES; do case "$all" in *" $flag "*) exit 1;; esac; done
case "$all" in *"/\${FAILS_ON:-nothing} "*) echo "x.cc:1:1: error: no such thing" >&2; exit 1;; esac
while [ $# -gt 1 ]; do if [ "$1" = -o ]; then echo "$all" > "$2"; fi; shift; done
`,
  { mode: 0o755 },
);

interface Outcome {
  readonly status: number | null;
  readonly stderr: string;
}

/** A package with the sources, and nothing built. */
function newPackage(name: string): string {
  const folder = path.join(root, name);
  mkdirSync(folder);
  symlinkSync(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
  cpSync(path.join(repository, 'src/engine/native'), path.join(folder, 'src/engine/native'), { recursive: true });
  return folder;
}

async function build(
  folder: string,
  env: Readonly<Record<string, string>> = {},
  ...args: readonly string[]
): Promise<Outcome> {
  const script = path.join(folder, 'src/engine/native/build-addon.mjs');
  const child: ChildProcess = spawn(process.execPath, [script, ...args], {
    env: { PATH: process.env.PATH, CXX: compiler, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr?.on('data', (data: Buffer) => {
    stderr += data;
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, stderr };
}

const addonOf = (folder: string): string => readFileSync(path.join(folder, 'build/bleubird.node'), 'utf8');

describe
  .skipIf(process.platform !== 'linux' || process.arch !== 'x64')
  .concurrent('build-addon.mjs', { timeout: 60_000 }, () => {
    it('says in one line that there is no compiler, and fails only when it is strict', async () => {
      const folder = newPackage('no-compiler');
      const told = 'the compiler CXX=no-such-c++ does not start';
      const stderr = `bleubird runs on wasm, since its native backend was not built: ${told}\n`;
      expect(await build(folder, { CXX: 'no-such-c++' })).toEqual({ status: 0, stderr });
      expect(await build(folder, { CXX: 'no-such-c++' }, '--strict')).toEqual({ status: 1, stderr });
      expect(readFileSync(path.join(folder, 'build/why-not'), 'utf8')).toBe(`${told}\n`);
    });

    it('takes a compiler with arguments', async () => {
      expect(await build(newPackage('arguments'), { CXX: `env  ${compiler}` })).toEqual({ status: 0, stderr: '' });
    });

    it('keeps the addon that is there when a new one does not compile', async () => {
      const folder = newPackage('failing');
      expect(await build(folder)).toEqual({ status: 0, stderr: '' });
      const before = addonOf(folder);
      appendFileSync(path.join(folder, 'src/engine/native/addon/memory.cc'), '\n');
      const told = 'failed: x.cc:1:1: error: no such thing (all of it in build/build.log)';
      expect(await build(folder, { FAILS_ON: 'memory.cc' }, '--strict')).toEqual({
        status: 1,
        stderr: `bleubird keeps the native backend it had, since a new one was not built: ${compiler} ${told}\n`,
      });
      expect(addonOf(folder)).toBe(before);
      expect(readFileSync(path.join(folder, 'build/build.log'), 'utf8')).toMatch(/memory\.cc -o .*\nx\.cc:1:1: error/);
      expect(await build(folder)).toEqual({ status: 0, stderr: '' });
      expect(readdirSync(path.join(folder, 'build')).sort()).toEqual(['bleubird.hash', 'bleubird.node', 'objects']);
    });

    it('leaves out an instruction set of which the compiler refuses a flag, and tells the addon', async () => {
      const folder = newPackage('refused');
      expect(await build(folder, { REFUSES: '-mamx-tile -mavx512bf16' })).toEqual({ status: 0, stderr: '' });
      const objects = addonOf(folder).match(/[^/ ]+\.o\b/g) ?? [];
      expect(objects.filter((name) => name.startsWith('kernels-gemm-')).map((name) => name.split('-')[2])).toEqual([
        'generic',
        'avx2',
        'avx512',
      ]);
      const isa = objects.find((name) => name.startsWith('isa-')) ?? '';
      const command = readFileSync(path.join(folder, 'build/objects', isa), 'utf8');
      expect(command).toContain('-DBLEUBIRD_WITHOUT_avx512bf16 -DBLEUBIRD_WITHOUT_amx');
    });

    it('builds twice at once', async () => {
      const folder = newPackage('twice');
      const outcomes = await Promise.all([build(folder), build(folder), build(folder)]);
      expect(outcomes).toEqual(Array(3).fill({ status: 0, stderr: '' }));
      expect(addonOf(folder)).toContain('-shared');
    });

    it('says so when nothing can be written', async () => {
      const folder = newPackage('unwritable');
      writeFileSync(path.join(folder, 'build'), 'a file where the folder should be');
      const { status, stderr } = await build(folder);
      expect(stderr).toMatch(
        /^build\/why-not cannot be written: .*\nbleubird runs on wasm, since .* was not built: E\w+: .*\n$/,
      );
      expect(status).toBe(0);
    });
  });
