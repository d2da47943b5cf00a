/**
 * Runs kernels where the system has no memory left, then where it has: a process of its own, with refuse-memory.c
 * preloaded. Prints a line for each: what ran, on how many threads, and its error.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { loadAddon } from '../../../src/engine/native/load-addon.ts';

const starves = process.env.BLEUBIRD_STARVE ?? '';
const addon = loadAddon();
const floats = (count: number): number => addon.allocate(4 * count);

const [rows, width, pieces] = [2000, 64, 20_000];
const [a, b, c, d] = [floats(rows * width), floats(rows * width), floats(rows * width), floats(rows * width)];
const [head, bias, loss, square] = [floats(pieces * width), floats(pieces), floats(1), floats(512 * 512)];
const starts = Int32Array.of(0, rows / 2, rows);
const labels = new Int32Array(512);

const kernels: Readonly<Record<string, () => void>> = {
  attention: () => addon.attention(a, b, c, d, width, 2, starts, starts, false, 0, 0, 0),
  crossEntropy: () => addon.crossEntropy(a, head, bias, labels, width, pieces, 0, 1, loss, null, null, false),
  gemm: () => addon.gemm(square, square, square, 512, 512, 512, 0, null, 0, null),
  allocate: () => addon.free(addon.allocate(100e6)),
};

// Scratch memory that was had once stays: so first everything without, then everything with.
runAll('starved', () => writeFileSync(starves, ''));
runAll('fed', () => rmSync(starves, { force: true }));
addon.free(addon.allocate(20e6)); // idle now
writeFileSync(starves, '');
report('starved but for what is idle', () => addon.allocate(200e6));

function runAll(state: string, prepare: () => void): void {
  prepare();
  for (const [name, run] of Object.entries(kernels)) {
    for (const threads of [1, 2, 3]) {
      addon.setThreads(threads);
      report(`${state} ${name} on ${threads}`, run);
    }
  }
}

function report(what: string, run: () => void): void {
  let error = 'none';
  try {
    run();
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  process.stdout.write(`${what}: ${error}\n`);
}
