/**
 * sacrebleu-ts beside the Python original: BLEU, chrF, chrF++ and TER of the same 21,018 segments, one after the other
 * in one run. Each time is that of `corpusScore`, the best of three, in one thread; the first of the three compiles.
 *
 *   node experiments/bench/sacrebleu.ts CORPUS.tsv.gz PYTHON
 *
 * Build first (`npm run build`): it times what the package ships. CORPUS.tsv.gz: tab-separated, the last column French
 * text; PYTHON: an interpreter with sacreBLEU 2.6.0. References are lines of the corpus, evenly spread; hypotheses are
 * the same with words dropped, replaced and moved (seeded).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { BLEU, CHRF, TER } from 'sacrebleu-ts';

const SEGMENTS = 21_018;
const REPEATS = 3;

const [corpus, python] = process.argv.slice(2);
if (corpus === undefined || python === undefined) throw new Error('usage: sacrebleu.ts CORPUS.tsv.gz PYTHON');

const lines = gunzipSync(readFileSync(corpus)).toString('utf8').trimEnd().split('\n');
const sentences = lines.map((line) => line.split('\t').at(-1) ?? '');
const step = sentences.length / SEGMENTS;
const references = Array.from({ length: SEGMENTS }, (_, index) => sentences[Math.floor(index * step)] ?? '');
const draw = randomNumbers(1);
const vocabulary = references.slice(0, 2000).flatMap((reference) => reference.split(' '));
const hypotheses = references.map(disturb);

const metrics = {
  BLEU: () => new BLEU(),
  chrF: () => new CHRF(),
  'chrF++': () => new CHRF({ wordOrder: 2 }),
  TER: () => new TER(),
};
const ours = Object.entries(metrics).map(([name, create]) => {
  let seconds = Number.POSITIVE_INFINITY;
  let score = 0;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const started = performance.now();
    score = create().corpusScore(hypotheses, [references]).score;
    seconds = Math.min(seconds, (performance.now() - started) / 1000);
  }
  return { name, seconds, score };
});
const memoryMegabytes = process.resourceUsage().maxRSS / 1024;
const theirs = runPython();

const words = references.reduce((total, reference) => total + reference.split(' ').length, 0);
print(`${SEGMENTS} segments, ${(words / SEGMENTS).toFixed(2)} words each; Node ${process.version}`);
print(`peak memory here ${memoryMegabytes.toFixed(0)} MB`);
print('| metric | Python s | here s | times | score | difference |');
print('|---|---|---|---|---|---|');
for (const { name, seconds, score } of ours) {
  const other = theirs[name];
  if (other === undefined) throw new Error(`no ${name} from Python`);
  const times = (other.seconds / seconds).toFixed(1);
  const difference = (score - other.score).toExponential(1);
  print(`| ${name} | ${other.seconds.toFixed(2)} | ${seconds.toFixed(3)} | ${times} | ${score} | ${difference} |`);
}

function runPython(): Record<string, { seconds: number; score: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'sacrebleu-bench-'));
  try {
    const file = join(directory, 'segments.json');
    writeFileSync(file, JSON.stringify({ hypotheses, references }));
    const script = fileURLToPath(new URL('sacrebleu.py', import.meta.url));
    const { status, stdout, stderr } = spawnSync(python ?? '', [script, file, String(REPEATS)], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** One word in ten dropped, one replaced, and in three segments of ten a block of up to three words moved. */
function disturb(reference: string): string {
  const kept = reference.split(' ').flatMap((word) => {
    const chance = draw();
    if (chance < 0.1) return [];
    return chance < 0.2 ? (vocabulary[Math.floor(draw() * vocabulary.length)] ?? word) : word;
  });
  if (draw() < 0.3) {
    const block = kept.splice(Math.floor(draw() * kept.length), 1 + Math.floor(draw() * 3));
    kept.splice(Math.floor(draw() * (kept.length + 1)), 0, ...block);
  }
  return kept.join(' ');
}

/** Numbers from 0 to 1: the "minimal standard" generator of Park and Miller (1988). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
