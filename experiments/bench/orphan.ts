/**
 * How long a trainer outlives its runner: a run of the built program, its runner ended by kill -9 in the midst of a step, the
 * time until the trainer is gone, and what the store tells of the run then.
 *
 *   npm run build && npm run build:native && npx node experiments/bench/orphan.ts MODEL --corpus FILE.tsv
 *     [--rounds 5] [--precision f32] [--batch 32] [--set path=value]…
 *
 * --corpus: tab-separated, the last two columns a pair, gzipped or not. Each round kills at another part of a step after
 * the fifth, by the length of the one before. `unsaved`: the diary tells of steps that were not saved.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { checksumProblem } from '../../src/engine/training/checksums.ts';

const WARM_UP_STEPS = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    corpus: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    precision: { type: 'string', default: 'f32' },
    batch: { type: 'string', default: '32' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const [model] = positionals;
if (model === undefined || values.corpus === '') throw new Error('usage: orphan.ts MODEL --corpus FILE.tsv');
const program = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));
const scratch = mkdtempSync(path.join(tmpdir(), 'orphan-'));
const rounds = Number(values.rounds);
try {
  const file = path.join(scratch, 'experiment.yaml');
  writeFileSync(file, JSON.stringify(experimentOf(path.resolve(model), path.resolve(values.corpus))));
  for (let round = 0; round < rounds; round++) await measure(file, (round + 0.5) / rounds);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function measure(file: string, part: number): Promise<void> {
  const store = mkdtempSync(path.join(scratch, 'store-'));
  const settings = values.set.flatMap((setting) => ['--set', setting]);
  const runner = spawn(process.execPath, [program, 'run', file, '--json', '--store', store, ...settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let [run, directory, trainer, step, toldAt, stepMs] = ['', '', 0, 0, 0, 0];
  for await (const line of createInterface(runner.stdout)) {
    const event = JSON.parse(line);
    if (event.type === 'run') [run, directory] = [event.run, event.directory];
    if (event.type === 'ready') trainer = event.pid;
    if (event.type !== 'progress' || event.phase !== 'training') continue;
    [stepMs, toldAt] = [(performance.now() - toldAt) / (event.done - step), performance.now()];
    step = event.done;
    if (step >= WARM_UP_STEPS) break;
  }
  if (trainer === 0 || step < WARM_UP_STEPS) throw new Error('the run ended too early');
  await sleep(part * stepMs);
  const killedAt = performance.now();
  runner.kill('SIGKILL');
  while (lives(trainer)) await sleep(5);
  const seconds = (performance.now() - killedAt) / 1000;
  const shown = spawnSync(process.execPath, [program, 'show', run, '--json', '--store', store]);
  const { state, step: lastStep, events } = JSON.parse(shown.stdout.toString());
  const isTold = events.some(({ text }: { text: string }) => text.includes('not saved'));
  const check = spawnSync(process.execPath, [program, 'store', 'check', '--store', store]);
  process.stdout.write(
    `killed ${Math.round(part * 100)} % into a step of ${(stepMs / 1000).toFixed(2)} s: trainer gone after ${seconds.toFixed(2)} s; ` +
      `${state} after step ${lastStep}${isTold ? ', unsaved' : ''}; ${await checkpointsOf(directory)}; store check ${check.status}\n`,
  );
  rmSync(store, { recursive: true });
}

async function checkpointsOf(directory: string): Promise<string> {
  const folder = path.join(directory, 'checkpoints');
  const told: string[] = [];
  for (const name of namesIn(folder)) {
    const problem = name.startsWith('checkpoint-') ? await checksumProblem(path.join(folder, name)) : 'unfinished';
    told.push(`${name} ${problem ?? 'sound'}`);
  }
  return told.length === 0 ? 'no checkpoint' : told.join(', ');
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** One that has ended may wait long for whoever inherited it to collect it. */
function lives(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function experimentOf(directory: string, corpus: string): object {
  const bytes = readFileSync(corpus);
  const text = (corpus.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const columns = text.slice(0, text.indexOf('\n')).split('\t').length;
  return {
    name: 'orphan',
    model: directory,
    device: 'native',
    precision: values.precision,
    data: {
      corpus: { format: 'tsv', path: corpus, source_column: columns - 1, target_column: columns },
      source_lang: 'en',
      target_lang: 'fr',
      validation_size: 100,
      max_train_samples: 2000,
    },
    training: { per_device_train_batch_size: Number(values.batch), num_train_epochs: 3, save_strategy: 'no' },
    evaluation: { before: false, after: false },
  };
}
