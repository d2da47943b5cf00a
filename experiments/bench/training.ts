/**
 * Training beside transformers' Seq2SeqTrainer on the same processor: the very same batches, in turns, each in a process of
 * its own with as many threads.
 *
 *   npm run build:native && npx node experiments/bench/training.ts PYTHON MODEL… [--corpus kde-en-fr.tsv.gz] [--threads 2]
 *     [--rounds 2] [--pairs 512] [--batch 32] [--compile] [--profile]
 *
 * PYTHON: an interpreter with torch 2.13 and transformers 5.23. MODEL: a model folder; one of the size of opus-mt-en-fr
 * comes from experiments/oracle/make_full_size.py. --corpus: tab-separated, the last two columns a pair; without it, or where
 * it is not there, pairs of made-up ids of like lengths. `random` are the batches of Trainer's default order, `grouped` those
 * of group_by_length. Steps of the first epoch warm up (Trainer: two of them), those of the second are measured. Trainer's
 * precision is the faster of float32 and bf16 autocast. --compile: its model through torch.compile, after a
 * warm-up over all that is measured, so that every shape is compiled before. --profile tells where our steps go, kernel by kernel.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { epochOrder, lengthGroupedOrder } from '../../src/engine/data/epoch-order.ts';
import { MarianTokenizer } from '../../src/engine/text/marian-tokenizer.ts';
import type { Measured, Workload } from './training-worker.ts';

const MOST_PIECES = 128;
const SEED = 42;
const WARM_UP_STEPS = 2;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    corpus: { type: 'string', default: '' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '2' },
    pairs: { type: 'string', default: '512' },
    batch: { type: 'string', default: '32' },
    compile: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});
const [python, ...models] = positionals;
if (python === undefined || models.length === 0) throw new Error('usage: training.ts PYTHON MODEL…');
const threads = Number(values.threads);
const batchSize = Number(values.batch);
const ourScript = fileURLToPath(new URL('training-worker.ts', import.meta.url));
const theirScript = fileURLToPath(new URL('training.py', import.meta.url));
const scratch = mkdtempSync(path.join(tmpdir(), 'training-'));
try {
  for (const model of models) await compare(path.resolve(model), python);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function compare(model: string, interpreter: string): Promise<void> {
  const examples = await chooseExamples(model, Number(values.pairs));
  const pieces = examples.flat().reduce((sum, { length }) => sum + length, 0);
  print(
    `\n${path.basename(model)}: ${examples.length} pairs of ${(pieces / examples.length / 2).toFixed(1)} pieces a side,`,
  );
  print(`batches of ${batchSize}, ${threads} threads\n`);
  print('| batches | who | samples/s | processor ms a sample | peak GB | times as fast | memory |');
  print('|---|---|---|---|---|---|---|');
  for (const isGrouped of [false, true]) {
    const workload = workloadOf(model, examples, isGrouped);
    const precision = fasterPrecision(interpreter, workload);
    const theirWorkload = values.compile ? warmedUp(workload) : workload;
    const compile = values.compile ? ['compile'] : [];
    const ours: Measured[] = [];
    const theirs: Measured[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      ours.push(run(process.execPath, [ourScript, write(workload), ...(values.profile ? ['profile'] : [])]));
      theirs.push(run(interpreter, ['-P', theirScript, write(theirWorkload), precision, ...compile]));
    }
    const [us, them] = [fastest(ours), fastest(theirs)];
    const samples = workload.order.length - workload.warmUpSteps * batchSize;
    const times = (them.seconds / us.seconds).toFixed(2);
    const memory = (us.peakBytes / them.peakBytes).toFixed(2);
    const name = isGrouped ? 'grouped' : 'random';
    print(`| ${name} | ${['Trainer', precision, ...compile].join(', ')} | ${figures(them, samples)} | | |`);
    print(`| ${name} | bleubird, ${us.precision} | ${figures(us, samples)} | ${times} | ${memory} |`);
    if (values.profile) printProfile(us);
  }
}

/** The lengths of the corpus come in their natural shares: every so many lines one pair. */
async function chooseExamples(model: string, count: number): Promise<[number[], number[]][]> {
  if (!existsSync(values.corpus)) {
    print('(no corpus: pairs of made-up ids)');
    return Array.from({ length: count }, (_, index) => [madeUp(index), madeUp(index + count)]);
  }
  const tokenizer = await MarianTokenizer.load(model);
  const lines = gunzipSync(readFileSync(values.corpus)).toString('utf8').trimEnd().split('\n');
  return Array.from({ length: count }, (_, index) => {
    const [source = '', target = ''] = (lines[Math.floor((index * lines.length) / count)] ?? '').split('\t').slice(-2);
    const options = { maxLength: MOST_PIECES };
    return [tokenizer.encodeSource(source, options).ids, tokenizer.encodeTarget(target, options).ids];
  });
}

/** Many short, few long: lengths as in user interfaces. */
function madeUp(index: number): number[] {
  const place = (index * 0.6180339887) % 1;
  const length = 2 + Math.floor(4 / (1.04 - place));
  return [...Array.from({ length }, (_, at) => 2 + ((index * 131 + at * 17) % 7000)), 0];
}

/** Steps of the first epoch warm up; the second is measured. */
function workloadOf(model: string, examples: [number[], number[]][], isGrouped: boolean): Workload {
  const orderOf = (epoch: number): number[] =>
    isGrouped
      ? lengthGroupedOrder({ lengths: examples.map(([{ length }]) => length), batchSize, seed: SEED + epoch, words: 0 })
      : epochOrder({ n: examples.length, seed: SEED, epoch });
  const order = [...orderOf(0).slice(0, WARM_UP_STEPS * batchSize), ...orderOf(1)];
  return { model, examples, order, batchSize, warmUpSteps: WARM_UP_STEPS, threads, isGrouped, seed: SEED };
}

/** What is measured once before, too. */
function warmedUp(workload: Workload): Workload {
  const measured = workload.order.slice(workload.warmUpSteps * batchSize);
  const warmUpSteps = workload.warmUpSteps + Math.floor(measured.length / batchSize);
  return { ...workload, order: [...workload.order, ...measured], warmUpSteps };
}

/** By a few steps of each. */
function fasterPrecision(interpreter: string, workload: Workload): 'f32' | 'bf16' {
  const short = write({ ...workload, order: workload.order.slice(0, 5 * batchSize) });
  const [f32, bf16] = ['f32', 'bf16'].map(
    (precision) => run(interpreter, ['-P', theirScript, short, precision]).seconds,
  );
  return (f32 ?? 0) < (bf16 ?? 0) ? 'f32' : 'bf16';
}

function write(workload: Workload): string {
  const file = path.join(scratch, 'workload.json');
  writeFileSync(file, JSON.stringify(workload));
  return file;
}

function run(command: string, args: readonly string[]): Measured {
  const env = { ...process.env, OMP_NUM_THREADS: String(threads) };
  const done = spawnSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${done.status ?? done.signal}`);
  return JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '');
}

function fastest(measured: readonly Measured[]): Measured {
  const [first] = measured.toSorted((a, b) => a.seconds - b.seconds);
  if (first === undefined) throw new RangeError('--rounds must be 1 or more');
  return first;
}

function figures({ seconds, processorSeconds, peakBytes }: Measured, samples: number): string {
  const processor = ((processorSeconds / samples) * 1000).toFixed(1);
  return `${(samples / seconds).toFixed(1)} | ${processor} | ${(peakBytes / 1e9).toFixed(2)}`;
}

function printProfile({ seconds, kernels = [] }: Measured): void {
  const inKernels = kernels.reduce((sum, { seconds: own }) => sum + own, 0);
  const outside = { name: 'outside the addon', seconds: seconds - inKernels, calls: 0 };
  for (const { name, seconds: own, calls } of [...kernels.toSorted((a, b) => b.seconds - a.seconds), outside]) {
    print(
      `  ${((100 * own) / seconds).toFixed(1).padStart(5)} % ${(own * 1000).toFixed(0).padStart(6)} ms ${name} (${calls})`,
    );
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
