/**
 * Matrix products of a full-size Marian in bf16, ours beside oneDNN's through PyTorch: shape after shape in one run, the
 * two taking turns, each the best of many within its time.
 *
 *   npm run build:native && npx node experiments/bench/matmul.ts PYTHON [--threads 1,2] [--precision bf16|f32] [--isa NAME]
 *
 * PYTHON: an interpreter with torch 2.13. Ours multiplies f32 tensors, so its time includes rounding and packing both
 * operands; "kept" is with a weight packed before, as it is from one optimizer step to the next. PyTorch's operands are
 * bf16 already and so is its result.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { GEMM_FLAGS } from '../../src/engine/native/addon-functions.ts';
import { loadAddon } from '../../src/engine/native/load-addon.ts';

interface Shape {
  readonly name: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** 'linear': x · weightᵀ; 'gradInput': gradOutput · weight; 'gradWeight': gradOutputᵀ · x. */
  readonly kind: 'linear' | 'gradInput' | 'gradWeight';
}

const VOCABULARY = 59_514;
const shapes: readonly Shape[] = [
  ...[400, 4000].flatMap((rows): Shape[] => [
    { name: `${rows} rows`, m: rows, n: 512, k: 512, kind: 'linear' },
    { name: `${rows} rows`, m: rows, n: 2048, k: 512, kind: 'linear' },
    { name: `${rows} rows`, m: rows, n: 512, k: 2048, kind: 'linear' },
    { name: `${rows} rows`, m: rows, n: 512, k: 512, kind: 'gradInput' },
    { name: `${rows} rows`, m: 512, n: 512, k: rows, kind: 'gradWeight' },
    { name: `${rows} rows`, m: 2048, n: 512, k: rows, kind: 'gradWeight' },
  ]),
  { name: 'logits', m: 400, n: VOCABULARY, k: 512, kind: 'linear' },
  { name: 'logits', m: 400, n: 512, k: VOCABULARY, kind: 'gradInput' },
  { name: 'logits', m: VOCABULARY, n: 512, k: 400, kind: 'gradWeight' },
  ...[4, 16, 32, 128, 512].flatMap((rows): Shape[] => [
    { name: 'decoding', m: rows, n: 512, k: 512, kind: 'linear' },
    { name: 'decoding', m: rows, n: 2048, k: 512, kind: 'linear' },
  ]),
  { name: 'decoding', m: 128, n: VOCABULARY, k: 512, kind: 'linear' },
];

const MEASURED_MS = 250;
const FLAGS = {
  linear: GEMM_FLAGS.transposeB,
  gradInput: 0,
  gradWeight: GEMM_FLAGS.transposeA,
} as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1,2' },
    precision: { type: 'string', default: 'bf16' },
    isa: { type: 'string', default: '' },
  },
});
const [python] = positionals;
const precision = values.precision === 'f32' ? 'f32' : 'bf16';
if (python === undefined)
  throw new Error('usage: matmul.ts PYTHON [--threads 1,2] [--precision bf16|f32] [--isa NAME]');
const addon = loadAddon();
addon.chooseIsa(values.isa);
addon.setPrecision(precision);

for (const threads of values.threads.split(',').map(Number)) {
  addon.setThreads(threads);
  await compareAll(threads, python);
}

async function compareAll(threads: number, interpreter: string): Promise<void> {
  const script = new URL('matmul_torch.py', import.meta.url).pathname;
  const torch = spawn(interpreter, ['-P', script, String(threads), precision], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: String(threads) },
  });
  const answers = createInterface({ input: torch.stdout })[Symbol.asyncIterator]();
  print(`\n${threads} thread${threads === 1 ? '' : 's'}, ${precision}, ${addon.isa()}; GFLOPS\n`);
  print('| | product | torch | ours | ratio | ours, weight kept | ratio |');
  print('|---|---|---|---|---|---|---|');
  const logs = { packed: 0, kept: 0 };
  for (const shape of shapes) {
    const first = await askTorch(torch, answers, shape);
    const packed = measure(shape, false);
    const second = await askTorch(torch, answers, shape);
    const kept = shape.kind === 'gradWeight' ? packed : measure(shape, true);
    const theirs = Math.max(first, second);
    logs.packed += Math.log(packed / theirs);
    logs.kept += Math.log(kept / theirs);
    const sizes = `${shape.kind} [${shape.m},${shape.k}]·[${shape.k},${shape.n}]`;
    const figures = [theirs.toFixed(0), packed.toFixed(0), (packed / theirs).toFixed(2)];
    print(`| ${[shape.name, sizes, ...figures, kept.toFixed(0), (kept / theirs).toFixed(2)].join(' | ')} |`);
  }
  const mean = (sum: number): string => Math.exp(sum / shapes.length).toFixed(2);
  print(`| | geometric mean | | | ${mean(logs.packed)} | | ${mean(logs.kept)} |`);
  torch.stdin.end();
}

type Answers = AsyncIterator<string>;

async function askTorch(
  torch: ChildProcessByStdio<Writable, Readable, null>,
  answers: Answers,
  shape: Shape,
): Promise<number> {
  torch.stdin.write(`${JSON.stringify({ ...shape, ms: MEASURED_MS })}\n`);
  const { value, done } = await answers.next();
  if (done === true) throw new Error('PyTorch ended before its answer');
  return Number(value);
}

/** Returns GFLOPS of the fastest. */
function measure({ m, n, k, kind }: Shape, isWeightKept: boolean): number {
  const a = filled(m * k);
  const b = filled(n * k);
  const c = filled(m * n);
  const flags = FLAGS[kind] + (isWeightKept ? GEMM_FLAGS.weight : 0);
  const multiply = (): number => {
    const started = performance.now();
    addon.gemm(a, b, c, m, n, k, flags, null, 0, null);
    return performance.now() - started;
  };
  multiply();
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + MEASURED_MS;
  do best = Math.min(best, multiply());
  while (performance.now() < end);
  for (const block of [a, b, c]) addon.free(block);
  return (2 * m * n * k) / best / 1e6;
}

function filled(size: number): number {
  const block = addon.allocate(size * 4);
  addon.write(
    block,
    Float32Array.from({ length: size }, (_, index) => ((index * 7919) % 1000) / 1000 - 0.5),
  );
  return block;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
