/**
 * Whether training in bf16 ends where float32 ends: the same run twice, differing in `precision` alone, each in a trainer
 * process as the product forks it, then loss and BLEU on pairs that neither saw.
 *
 *   npm run build:native && npx node experiments/bench/precision.ts MODEL CORPUS.tsv.gz [--pairs 20000] [--held-back 1000]
 *     [--rate 1e-4] [--seeds 42] [--threads 2]
 *
 * CORPUS: tab-separated, gzipped; the last two columns are a pair; pairs are taken from all of it. One epoch in batches of 64, greedy decoding.
 * Several seeds (--seeds 1,2) show how far apart two runs are that differ in their order and dropout instead.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { experimentFromValues } from '../../src/engine/config/experiment-from-values.ts';
import type { TrainerEvent } from '../../src/engine/run/protocol.ts';
import { superviseTrainer } from '../../src/engine/run/supervisor.ts';

type Evaluation = Extract<TrainerEvent, { type: 'evaluation' }>;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: '20000' },
    'held-back': { type: 'string', default: '1000' },
    rate: { type: 'string', default: '1e-4' },
    seeds: { type: 'string', default: '42' },
    threads: { type: 'string', default: '2' },
  },
});
const [model, corpus] = positionals;
if (model === undefined || corpus === undefined) throw new Error('usage: precision.ts MODEL CORPUS.tsv.gz');
const modelDirectory = path.resolve(model);
const scratch = mkdtempSync(path.join(tmpdir(), 'precision-'));
try {
  const file = writePairs(corpus, Number(values.pairs) + Number(values['held-back']));
  print('| seed | precision | seconds | eval_loss | BLEU |');
  print('|---|---|---|---|---|');
  for (const seed of values.seeds.split(',')) {
    const f32 = await train(file, 'f32', seed);
    const bf16 = await train(file, 'bf16', seed);
    const loss = (100 * (lossOf(bf16) / lossOf(f32) - 1)).toFixed(2);
    print(`| ${seed} | bf16 against f32 | | ${loss} % | ${(bleuOf(bf16) - bleuOf(f32)).toFixed(2)} |`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function train(file: string, precision: 'f32' | 'bf16', seed: string): Promise<Evaluation> {
  const runDirectory = path.join(scratch, `${precision}-${seed}`);
  mkdirSync(runDirectory);
  const experiment = experimentFromValues(
    {
      model: modelDirectory,
      device: 'native',
      precision,
      threads: values.threads,
      'data.corpus.format': 'tsv',
      'data.corpus.path': file,
      'data.source_lang': 'en',
      'data.target_lang': 'fr',
      'data.validation_size': values['held-back'],
      'training.learning_rate': values.rate,
      'training.lr_scheduler_type': 'linear',
      'training.num_train_epochs': '1',
      'training.per_device_train_batch_size': '64',
      'training.save_strategy': 'no',
      'training.eval_strategy': 'no',
      'training.seed': seed,
      'generation.num_beams': '1',
      'evaluation.before': 'false',
      'evaluation.after': 'true',
    },
    { directory: '.' },
  );
  const evaluations: Evaluation[] = [];
  const started = performance.now();
  const end = await superviseTrainer({
    experiment,
    runDirectory,
    onEvent: ({ event }) => {
      if (event.type === 'evaluation') evaluations.push(event);
    },
  }).finished;
  const [evaluation] = evaluations;
  if (end.type !== 'ended' || evaluation === undefined) throw new Error(`the trainer ${JSON.stringify(end)}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  print(
    `| ${seed} | ${precision} | ${seconds} | ${lossOf(evaluation).toFixed(5)} | ${bleuOf(evaluation).toFixed(2)} |`,
  );
  return evaluation;
}

/** Evenly from the whole corpus, so that every length and source has its share. */
function writePairs(from: string, count: number): string {
  const lines = gunzipSync(readFileSync(from)).toString('utf8').trimEnd().split('\n');
  if (lines.length < count) throw new RangeError(`${from} has ${lines.length} pairs; ${count} were asked for`);
  const file = path.join(scratch, 'pairs.tsv');
  const chosen = Array.from({ length: count }, (_, index) => lines[Math.floor((index * lines.length) / count)] ?? '');
  writeFileSync(file, `${chosen.map((line) => line.split('\t').slice(-2).join('\t')).join('\n')}\n`);
  return file;
}

function lossOf({ loss }: Evaluation): number {
  return loss ?? Number.NaN;
}

function bleuOf({ bleu }: Evaluation): number {
  return bleu?.score ?? Number.NaN;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
