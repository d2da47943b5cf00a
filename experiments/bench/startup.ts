/**
 * How long a trainer takes from its fork to its first step: the built program's own trainer process, on a corpus of a thousand pairs.
 *
 *   npm run build && npm run build:native && npx node experiments/bench/startup.ts MODEL… [--corpus FILE.tsv] [--threads 2]
 *     [--rounds 5] [--profile FOLDER]
 *
 * --corpus: tab-separated, the last two columns a pair, gzipped or not; by default the catalogue of the typescript package. Tells the milliseconds since the fork
 * at each event, of the fastest round; the first step counts when its event arrives. --profile puts a processor profile of
 * each round into a folder. One round more warms the disk's cache.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { experimentFromValues } from '../../src/engine/config/experiment-from-values.ts';
import type { TrainerEvent } from '../../src/engine/run/protocol.ts';
import { superviseTrainer } from '../../src/engine/run/supervisor.ts';

const FIRST_STEP = 'first step';

const { values, positionals: models } = parseArgs({
  allowPositionals: true,
  options: {
    corpus: { type: 'string', default: '' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    batch: { type: 'string', default: '32' },
    profile: { type: 'string', default: '' },
  },
});
if (models.length === 0) throw new Error('usage: startup.ts MODEL…');
const trainerPath = fileURLToPath(new URL('../../dist/engine/run/trainer.js', import.meta.url));
const scratch = mkdtempSync(path.join(tmpdir(), 'startup-'));
try {
  for (const model of models) {
    await measure(model);
    const rounds: Map<string, number>[] = [];
    for (let round = 0; round < Number(values.rounds); round++) rounds.push(await measure(model));
    const total = (times: Map<string, number>): number => times.get(FIRST_STEP) ?? Number.NaN;
    const [fastest = new Map<string, number>()] = rounds.toSorted((a, b) => total(a) - total(b));
    const all = rounds.map(total).map(Math.round).join(', ');
    process.stdout.write(`\n${model}: ${Math.round(total(fastest))} ms to the first step (${all})\n`);
    for (const [name, ms] of fastest) process.stdout.write(`${String(Math.round(ms)).padStart(6)}  ${name}\n`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Milliseconds since the fork by the name of the event. */
async function measure(model: string): Promise<Map<string, number>> {
  const runDirectory = mkdtempSync(path.join(scratch, 'run-'));
  const times = new Map<string, number>();
  const experiment = experimentOf(path.resolve(model));
  const profile = values.profile === '' ? '' : `--cpu-prof --cpu-prof-dir=${path.resolve(values.profile)}`;
  const started = performance.now();
  const trainer = superviseTrainer({
    experiment,
    runDirectory,
    trainerPath,
    killAfterMs: 0,
    env: { ...process.env, NODE_OPTIONS: profile },
    onEvent: ({ event }) => {
      if (times.has(FIRST_STEP)) return;
      times.set(nameOf(event), performance.now() - started);
      if (event.type !== 'metrics') return;
      if (profile === '') trainer.kill();
      else trainer.stop();
    },
  });
  const end = await trainer.finished;
  if (!times.has(FIRST_STEP)) throw new Error(`no step was made: ${JSON.stringify(end)}`);
  rmSync(runDirectory, { recursive: true });
  return times;
}

function nameOf(event: TrainerEvent): string {
  if (event.type === 'metrics') return FIRST_STEP;
  return event.type === 'phase' ? event.phase : event.type;
}

function experimentOf(model: string): ReturnType<typeof experimentFromValues> {
  const corpus: Record<string, string> =
    values.corpus === ''
      ? { 'data.corpus.format': 'typescript-catalogue' }
      : { 'data.corpus.format': 'tsv', 'data.corpus.path': writePairs() };
  return experimentFromValues(
    {
      model,
      ...corpus,
      device: 'native',
      threads: values.threads,
      'data.source_lang': 'en',
      'data.target_lang': 'fr',
      'data.validation_size': '100',
      'data.max_train_samples': '1000',
      'training.per_device_train_batch_size': values.batch,
      'evaluation.before': 'false',
    },
    { directory: '.' },
  );
}

/** Of the corpus, 1,100 pairs from all over it. */
function writePairs(): string {
  const bytes = readFileSync(values.corpus);
  const text = (values.corpus.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const lines = text.trimEnd().split('\n');
  const file = path.join(scratch, 'pairs.tsv');
  const count = 1100;
  const chosen = Array.from({ length: count }, (_, index) => lines[Math.floor((index * lines.length) / count)] ?? '');
  writeFileSync(file, `${chosen.map((line) => line.split('\t').slice(-2).join('\t')).join('\n')}\n`);
  return file;
}
