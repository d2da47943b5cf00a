/**
 * Compiles the native addon with the C++ compiler of the machine, when packages are installed:
 *
 *   node build-addon.mjs [--strict] [--sanitize] [--emulate-tiles]
 *
 * Silent when all is well, and quick when nothing changed. Whatever stands in its way is told in one line, with exit code 0:
 * bleubird then runs on wasm, or on what was built before. --strict makes that a failure, for CI. An instruction set that
 * the compiler does not know is left out. --sanitize builds build/sanitize/bleubird.node with address and
 * undefined-behaviour checks; --emulate-tiles build/emulated/bleubird.node, whose AMX kernels run on any processor with
 * AVX-512 and bf16, for tests. The compiler is $CXX, which may have arguments, else the first of c++, g++, clang++; GCC from
 * 11 on or clang from 14 on knows every instruction set.
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

/** What a compiler and its assembler must take to be trusted with an instruction set. */
const ISA_PROBES = {
  generic: 'int probe;',
  avx2: '#include <immintrin.h>\n__m256i probe(__m256i a) { return _mm256_add_epi32(a, a); }',
  avx512: '#include <immintrin.h>\n__m512 probe(__m512 a) { return _mm512_xor_ps(a, a); }',
  avx512bf16: '#include <immintrin.h>\n__m512bh probe(__m512 a) { return _mm512_cvtne2ps_pbh(a, a); }',
  amx: '#include <immintrin.h>\nvoid probe() { _tile_zero(0); }',
};

const SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined', '-fno-omit-frame-pointer'];

class CompileError extends Error {
  constructor(message, output) {
    super(message);
    this.output = output;
  }
}

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
  const reason = error.message.split('\n')[0];
  keepForLater(path.join(folder, 'why-not'), `${reason}\n`);
  if (error instanceof CompileError) keepForLater(log, error.output);
  const isOlderThere = existsSync(target);
  const instead = isOlderThere
    ? 'keeps the native backend it had, since a new one'
    : 'runs on wasm, since its native backend';
  process.stderr.write(`bleubird ${instead} was not built: ${reason}\n`);
  process.exitCode = strict ? 1 : 0;
}

/** As well as it can: what stopped the build, a full disk for one, may stop this too. */
function keepForLater(file, text) {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    process.stderr.write(`${path.relative(PACKAGE, file)} cannot be written: ${error.message}\n`);
  }
}

async function build() {
  const isaFlags = ISA_FLAGS[process.arch];
  if (isaFlags === undefined || !['linux', 'darwin'].includes(process.platform)) {
    throw new Error(`no kernels for ${process.platform} on ${process.arch}`);
  }
  const compiler = findCompiler();
  const flags = commonFlags();
  const known = await knownIsas(compiler, isaFlags);
  const units = listUnits(isaFlags, known.isas);
  const shared = [compiler.version, process.platform, process.arch, ...flags, ...readAll('.h')].join('\0');
  for (const unit of units) {
    const hash = hashOf([shared, ...unit.flags, readFileSync(path.join(SOURCES, unit.source))]);
    unit.object = path.join(folder, 'objects', `${unit.name}-${hash}.o`);
  }
  const wanted = hashOf([...units.map(({ object }) => path.basename(object)), ...linkFlags()]);
  if (existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;

  // Slowest first, so that no core waits for a last long one.
  const waiting = units.filter(({ object }) => !existsSync(object)).sort((a, b) => b.size - a.size);
  const compileNext = async () => {
    for (let unit = waiting.shift(); unit !== undefined; unit = waiting.shift()) {
      const made = `${unit.object}.${process.pid}`;
      await run(compiler, [...flags, ...unit.flags, '-c', path.join(SOURCES, unit.source), '-o', made]);
      renameSync(made, unit.object);
    }
  };
  const compileUntilOneFails = () =>
    compileNext().catch((error) => {
      waiting.length = 0;
      throw error;
    });
  await Promise.all(Array.from({ length: os.availableParallelism() }, compileUntilOneFails));
  const made = `${target}.${process.pid}`;
  await run(compiler, [...linkFlags(), ...units.map(({ object }) => object), '-o', made]);
  renameSync(made, target);
  writeFileSync(stamp, wanted);
  for (const file of [log, path.join(folder, 'why-not')]) rmSync(file, { force: true });
  removeOldObjects(new Set([known.file, ...units.map(({ object }) => object)].map((file) => path.basename(file))));
}

function findCompiler() {
  const asked = process.env.CXX;
  for (const words of asked ? [asked] : ['c++', 'g++', 'clang++']) {
    const [command, ...args] = words.trim().split(/\s+/);
    const found = spawnSync(command, [...args, '--version'], { encoding: 'utf8' });
    if (found.status === 0) return { command, args, version: found.stdout };
  }
  throw new Error(
    asked
      ? `the compiler CXX=${asked} does not start`
      : 'no C++ compiler (c++, g++ or clang++); after installing one, run "npm rebuild bleubird" or "npm run build:native"',
  );
}

/** Asks the compiler once for each instruction set, and keeps its answers in a file. */
async function knownIsas(compiler, isaFlags) {
  const objects = path.join(folder, 'objects');
  mkdirSync(objects, { recursive: true });
  const probes = Object.entries(isaFlags).map(([isa, flags]) => ({
    isa,
    source: ISA_PROBES[isa],
    flags: ownFlags(isa, flags),
  }));
  const answers = path.join(objects, `isas-${hashOf([compiler.version, JSON.stringify(probes)])}.json`);
  if (existsSync(answers)) return { isas: JSON.parse(readFileSync(answers, 'utf8')), file: answers };
  const made = `${answers}.${process.pid}`;
  const isas = [];
  for (const { isa, source, flags } of probes) {
    const input = emulates && isa === 'amx' ? ISA_PROBES.avx512bf16 : source;
    const args = [...compiler.args, '-std=c++17', ...flags, '-x', 'c++', '-c', '-', '-o', `${made}.o`];
    if (spawnSync(compiler.command, args, { input }).status === 0) isas.push(isa);
  }
  rmSync(`${made}.o`, { force: true });
  // A compiler that cannot even do that is no answer to keep.
  if (!isas.includes('generic')) return { isas: ['generic'], file: answers };
  writeFileSync(made, JSON.stringify(isas));
  renameSync(made, answers);
  return { isas, file: answers };
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

/** kernels/ once for each instruction set that is known, the rest once. */
function listUnits(isaFlags, known) {
  const leftOut = Object.keys(isaFlags).filter((isa) => !known.includes(isa));
  return sourceFiles('.cc').flatMap((source) => {
    const { size } = statSync(path.join(SOURCES, source));
    const name = source.replaceAll(path.sep, '-').slice(0, -'.cc'.length);
    if (!source.startsWith(`kernels${path.sep}`)) {
      return [{ source, name, flags: leftOut.map((isa) => `-DBLEUBIRD_WITHOUT_${isa}`), size }];
    }
    return known.map((isa) => ({
      source,
      name: `${name}-${isa}`,
      flags: [`-DBLEUBIRD_ISA=${isa}`, ...ownFlags(isa, isaFlags[isa])],
      size: size * 4,
    }));
  });
}

function ownFlags(isa, flags) {
  if (!emulates || isa !== 'amx') return flags;
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

function run(compiler, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(compiler.command, [...compiler.args, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
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
      const command = [compiler.command, ...compiler.args].join(' ');
      const reason = /^.*\berror\b.*$/im.exec(output)?.[0].trim() ?? `it ended with ${code}`;
      const message = `${command} failed: ${reason} (all of it in ${path.relative(PACKAGE, log)})`;
      reject(new CompileError(message, `${[command, ...args].join(' ')}\n${output}`));
    });
  });
}

/** Those of earlier sources; not the youngest, which another build at the same time may be about to link. */
function removeOldObjects(current) {
  for (const file of readdirSync(path.join(folder, 'objects'))) {
    const whole = path.join(folder, 'objects', file);
    const age = Date.now() - (statSync(whole, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY);
    if (!current.has(file) && age > 600_000) rmSync(whole, { force: true });
  }
}
