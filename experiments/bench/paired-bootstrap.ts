/**
 * Paired tests of two systems, BLEU, on 21,018 generated pairs: bootstrap of 1,000 samples and approximate randomization of
 * 10,000 trials, beside sacreBLEU in one run:
 *
 *   npm run build && npx node experiments/bench/paired-bootstrap.ts [PYTHON]
 *
 * PYTHON is an interpreter that has sacrebleu 2.6.0; without it only ours is measured. Ours is the best of three, Python's
 * one run. "resampling" leaves out the tokenizing: it starts from kept statistics.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BLEU, DefaultRng, pairedTest, pairedTestOfStatistics } from 'sacrebleu-ts';

const PAIRS = 21_018;
const SAMPLES = { bs: 1_000, ar: 10_000 } as const;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const rng = new DefaultRng(2026);
const below = (bound: number): number => {
  const drawn = new Int32Array(1);
  rng.fillIntegers(drawn, bound);
  return drawn[0] ?? 0;
};
const vocabulary = Array.from({ length: 20_000 }, (_, index) => `w${index.toString(36)}`);
// Squaring favours the first words, as in a language.
const word = (): string => vocabulary[Math.floor((below(1_000_000) / 1_000_000) ** 2 * vocabulary.length)] ?? '';
const sentence = (): string => `${Array.from({ length: 4 + below(20) }, word).join(' ')}.`;
const noisy = (text: string, percent: number): string =>
  text.replace(/w\w+/g, (original) => (below(100) < percent ? word() : original));
const references = Array.from({ length: PAIRS }, sentence);
const baseline = references.map((text) => noisy(text, 30));
const system = references.map((text) => noisy(text, 29));
const systems = [
  { name: 'baseline', hypotheses: baseline },
  { name: 'system', hypotheses: system },
];

const bestSeconds = (work: () => void): number => {
  const times = [1, 2, 3].map(() => {
    const start = performance.now();
    work();
    return (performance.now() - start) / 1000;
  });
  return Math.min(...times);
};
const metric = new BLEU();
const statistics = systems.map(({ hypotheses }) => metric.corpusStatistics(hypotheses, [references]));
const ours = (['bs', 'ar'] as const).map((type) => {
  const options = { type, nSamples: SAMPLES[type] };
  let pValue: number | null | undefined;
  const whole = bestSeconds(() => {
    const test = pairedTest({ metrics: [new BLEU()], systems, refs: [references], ...options });
    pValue = test.metrics[0]?.results[1]?.pValue;
  });
  const resampling = bestSeconds(() => {
    pairedTestOfStatistics({ metrics: [{ metric, statistics }], systems: ['baseline', 'system'], ...options });
  });
  const megabytes = process.resourceUsage().maxRSS / 1024;
  say(
    `sacrebleu-ts ${type}: ${whole.toFixed(2)} s whole, ${resampling.toFixed(2)} s resampling, peak ${megabytes.toFixed(0)} MB, p = ${pValue}`,
  );
  return { type, whole, resampling };
});

const [, , python] = process.argv;
if (python !== undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'paired-bootstrap-'));
  try {
    for (const [name, lines] of Object.entries({ ref: references, baseline, system })) {
      writeFileSync(join(folder, `${name}.txt`), `${lines.join('\n')}\n`);
    }
    const script = fileURLToPath(new URL('paired-bootstrap.py', import.meta.url));
    for (const { type, whole, resampling } of ours) {
      const args = ['-P', script, folder, type, String(SAMPLES[type])];
      const { seconds, megabytes, p_value } = JSON.parse(execFileSync(python, args, { encoding: 'utf8' }));
      say(`sacreBLEU ${type}: ${seconds.toFixed(2)} s, peak ${megabytes.toFixed(0)} MB, p = ${p_value}`);
      const times = [seconds / whole, seconds / resampling].map((ratio) => ratio.toFixed(1));
      say(`${type}: whole ${times[0]} times as fast; resampling alone ${times[1]}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
