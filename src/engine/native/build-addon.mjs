/**
 * Compiles the native addon with the C++ compiler of the machine, when packages are installed:
 *
 *   node build-addon.mjs [--strict] [--sanitize] [--emulate-tiles]
 *
 * Silent when all is well, and quick when nothing changed. Without a compiler, or when compiling fails, it says so in one
 * line and exits with 0: bleubird then runs on wasm. --strict makes that a failure, for CI. --sanitize builds
 * build/sanitize/bleubird.node with address and undefined-behaviour checks; --emulate-tiles build/emulated/bleubird.node,
 * whose AMX kernels run on any processor with AVX-512 and bf16, for tests. The compiler is $CXX, else the first of c++, g++, clang++.
 * Plain JavaScript, since it runs before anything is compiled, on the Node that npm itself runs on (20 or later).
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = path.resolve(fileURLToPath(import.meta.url), '../../../..');
const SOURCES = path.join(path.dirname(fileURLToPath(import.meta.url)), 'addon');

/** What each instruction set's copy of kernels/ is compiled with. */
const ISA_FLAGS = {
  x64: {
    generic: [],
    avx2: ['-mavx2', '-mfma'],
    avx512: ['-mavx2', '-mfma', '-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq'],
    avx512bf16: ['-mavx2', '-mfma', '-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512bf16'],
    amx: [
      ...['-mavx2', '-mfma', '-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512bf16'],
      ...['-mamx-tile', '-mamx-bf16'],
    ],
  },
  arm64: { generic: [] },
};

const SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined', '-fno-omit-frame-pointer'];

/** Something to tell in one line: the machine cannot build it. */
class BuildError extends Error {}

const strict = process.argv.includes('--strict');
const sanitize = process.argv.includes('--sanitize');
const emulates = process.argv.includes('--emulate-tiles');
const variant = [...(sanitize ? ['sanitize'] : []), ...(emulates ? ['emulated'] : [])].join('-');
const folder = path.join(PACKAGE, 'build', variant);
const target = path.join(folder, 'bleubird.node');
const stamp = path.join(folder, 'bleubird.hash');
const log = path.join(folder, 'build.log');

try {
  await build();
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  mkdirSync(folder, { recursive: true });
  rmSync(target, { force: true });
  if (error.output !== undefined) writeFileSync(log, error.output);
  writeFileSync(path.join(folder, 'why-not'), `${error.message}\n`);
  process.stderr.write(`bleubird runs on wasm, since its native backend was not built: ${error.message}\n`);
  process.exitCode = strict ? 1 : 0;
}

async function build() {
  const isaFlags = ISA_FLAGS[process.arch];
  if (isaFlags === undefined || !['linux', 'darwin'].includes(process.platform)) {
    throw new BuildError(`no kernels for ${process.platform} on ${process.arch}`);
  }
  const compiler = findCompiler();
  const flags = commonFlags();
  const units = listUnits(isaFlags);
  const shared = [compiler.version, process.platform, process.arch, ...flags, ...readAll('.h')].join('\0');
  for (const unit of units) {
    const hash = hashOf([shared, ...unit.flags, readFileSync(path.join(SOURCES, unit.source))]);
    unit.object = path.join(folder, 'objects', `${unit.name}-${hash}.o`);
  }
  const wanted = hashOf([...units.map(({ object }) => path.basename(object)), ...linkFlags()]);
  if (existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;

  mkdirSync(path.join(folder, 'objects'), { recursive: true });
  // Slowest first, so that no core waits for a last long one.
  const waiting = units.filter(({ object }) => !existsSync(object)).sort((a, b) => b.size - a.size);
  const compileNext = async () => {
    for (let unit = waiting.shift(); unit !== undefined; unit = waiting.shift()) {
      const made = `${unit.object}.${process.pid}`;
      await run(compiler.command, [...flags, ...unit.flags, '-c', path.join(SOURCES, unit.source), '-o', made]);
      renameSync(made, unit.object);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, compileNext));
  const made = `${target}.${process.pid}`;
  await run(compiler.command, [...linkFlags(), ...units.map(({ object }) => object), '-o', made]);
  renameSync(made, target);
  writeFileSync(stamp, wanted);
  for (const file of [log, path.join(folder, 'why-not')]) rmSync(file, { force: true });
  removeOldObjects(new Set(units.map(({ object }) => path.basename(object))));
}

function findCompiler() {
  const asked = process.env.CXX;
  for (const command of asked ? [asked] : ['c++', 'g++', 'clang++']) {
    const found = spawnSync(command, ['--version'], { encoding: 'utf8' });
    if (found.status === 0) return { command, version: found.stdout };
  }
  throw new BuildError(
    asked
      ? `the compiler CXX=${asked} does not start`
      : 'no C++ compiler (c++, g++ or clang++); after installing one, run "npm rebuild bleubird" or "npm run build:native"',
  );
}

function commonFlags() {
  const headers = path.join(
    path.dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')),
    'include',
  );
  return [
    ...['-std=c++17', '-fPIC', '-fvisibility=hidden', '-pthread', '-Wall', '-Wextra', '-DNAPI_VERSION=8'],
    ...['-ffp-contract=fast', '-fno-math-errno', '-fno-trapping-math', '-isystem', headers],
    ...(emulates ? ['-DBLEUBIRD_EMULATED_BUILD'] : []),
    ...(sanitize ? ['-O1', '-g', '-DBLEUBIRD_SANITIZE', ...SANITIZERS] : ['-O3']),
  ];
}

function linkFlags() {
  const shared = process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared'];
  return [...shared, '-pthread', ...(sanitize ? SANITIZERS : [])];
}

/** kernels/ once for each instruction set, the rest once. */
function listUnits(isaFlags) {
  return sourceFiles('.cc').flatMap((source) => {
    const { size } = statSync(path.join(SOURCES, source));
    const name = source.replaceAll(path.sep, '-').slice(0, -'.cc'.length);
    if (!source.startsWith(`kernels${path.sep}`)) return [{ source, name, flags: [], size }];
    return Object.entries(isaFlags).map(([isa, flags]) => ({
      source,
      name: `${name}-${isa}`,
      flags: [`-DBLEUBIRD_ISA=${isa}`, ...(emulates && isa === 'amx' ? emulatedFlags(flags) : flags)],
      size: size * 4,
    }));
  });
}

function emulatedFlags(flags) {
  return [...flags.filter((flag) => !flag.startsWith('-mamx')), '-DBLEUBIRD_EMULATES_TILES'];
}

function sourceFiles(extension) {
  return readdirSync(SOURCES, { recursive: true })
    .filter((file) => file.endsWith(extension))
    .sort();
}

function readAll(extension) {
  return sourceFiles(extension).map((file) => readFileSync(path.join(SOURCES, file), 'utf8'));
}

function hashOf(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 16);
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.stderr.on('data', (data) => {
      output += data;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) {
        if (output !== '') process.stderr.write(output);
        return resolve();
      }
      const error = new BuildError(`${command} failed; see ${path.relative(PACKAGE, log)}`);
      error.output = `${[command, ...args].join(' ')}\n${output}`;
      reject(error);
    });
  });
}

/** Those of earlier sources; not the youngest, which another build at the same time may be about to link. */
function removeOldObjects(current) {
  for (const file of readdirSync(path.join(folder, 'objects'))) {
    const whole = path.join(folder, 'objects', file);
    if (!current.has(file) && Date.now() - statSync(whole).mtimeMs > 600_000) rmSync(whole, { force: true });
  }
}
