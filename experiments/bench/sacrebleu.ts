/**
 * sacrebleu-ts beside the Python original: BLEU, chrF, chrF++ and TER of the same 21,018 segments, one after the other
 * in one run, each side in a process of its own that has only the segments. Each time is that of `corpusScore`, the best of
 * three, in one thread; the first of the three compiles.
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

const metrics = {
  BLEU: () => new BLEU(),
  chrF: () => new CHRF(),
  'chrF++': () => new CHRF({ wordOrder: 2 }),
  TER: () => new TER(),
};

interface Segments {
  readonly hypotheses: readonly string[];
  readonly references: readonly string[];
}

type Answers = Record<string, { readonly seconds: number; readonly score: number }>;

const [first, second] = process.argv.slice(2);
if (first === undefined || second === undefined) throw new Error('usage: sacrebleu.ts CORPUS.tsv.gz PYTHON');
if (first === '--measure') measure(JSON.parse(readFileSync(second, 'utf8')));
else compare(first, second);

/** Our half: prints as sacrebleu.py does, and the process's largest size. */
function measure({ hypotheses, references }: Segments): void {
  const before = process.resourceUsage().maxRSS;
  const answers = Object.entries(metrics).map(([name, create]) => {
    let seconds = Number.POSITIVE_INFINITY;
    let score = 0;
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const started = performance.now();
      score = create().corpusScore(hypotheses, [references]).score;
      seconds = Math.min(seconds, (performance.now() - started) / 1000);
    }
    return [name, { seconds, score }];
  });
  const megabytes = [before, process.resourceUsage().maxRSS].map((kilobytes) => Math.round(kilobytes / 1024));
  print(JSON.stringify({ answers: Object.fromEntries(answers), megabytes }));
}

function compare(corpus: string, python: string): void {
  const segments = readSegments(corpus);
  const directory = mkdtempSync(join(tmpdir(), 'sacrebleu-bench-'));
  try {
    const file = join(directory, 'segments.json');
    writeFileSync(file, JSON.stringify(segments));
    const run = (program: string, ...args: string[]): string => {
      const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      return stdout;
    };
    const ours: { answers: Answers; megabytes: number[] } = JSON.parse(
      run(process.execPath, fileURLToPath(import.meta.url), '--measure', file),
    );
    const script = fileURLToPath(new URL('sacrebleu.py', import.meta.url));
    const theirs: Answers = JSON.parse(run(python, script, file, String(REPEATS)));
    const words = segments.references.reduce((total, reference) => total + reference.split(' ').length, 0);
    print(`${SEGMENTS} segments, ${(words / SEGMENTS).toFixed(2)} words each; Node ${process.version}`);
    print(`peak memory here ${ours.megabytes[1]} MB, of which ${ours.megabytes[0]} MB with the segments alone`);
    print('| metric | Python s | here s | times | score | difference |');
    print('|---|---|---|---|---|---|');
    for (const [name, { seconds, score }] of Object.entries(ours.answers)) {
      const other = theirs[name];
      if (other === undefined) throw new Error(`no ${name} from Python`);
      const times = (other.seconds / seconds).toFixed(1);
      const difference = (score - other.score).toExponential(1);
      print(`| ${name} | ${other.seconds.toFixed(2)} | ${seconds.toFixed(3)} | ${times} | ${score} | ${difference} |`);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function readSegments(corpus: string): Segments {
  const lines = gunzipSync(readFileSync(corpus)).toString('utf8').trimEnd().split('\n');
  const sentences = lines.map((line) => line.split('\t').at(-1) ?? '');
  const step = sentences.length / SEGMENTS;
  const references = Array.from({ length: SEGMENTS }, (_, index) => sentences[Math.floor(index * step)] ?? '');
  const draw = randomNumbers(1);
  const vocabulary = references.slice(0, 2000).flatMap((reference) => reference.split(' '));
  return { references, hypotheses: references.map((reference) => disturb(reference, vocabulary, draw)) };
}

/** One word in ten dropped, one replaced, and in three segments of ten a block of up to three words moved. */
function disturb(reference: string, vocabulary: readonly string[], draw: () => number): string {
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
