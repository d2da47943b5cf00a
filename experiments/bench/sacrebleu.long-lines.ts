/**
 * How long sacrebleu-ts takes for one segment of 100,000 words a side, of kinds that quadratic ways of counting n-grams or
 * of looking for shifts take minutes or days for. Prints seconds, the median of three.
 *
 *   npm run build && npx node experiments/bench/sacrebleu.long-lines.ts [WORDS]
 */
import { BLEU, CHRF, type Metric, type Score, TER } from 'sacrebleu-ts';

const words = Number(process.argv[2] ?? 100_000);
const numbered = Array.from({ length: words }, (_, index) => `w${index}`);
const few = Array.from({ length: words }, (_, index) => `w${(index * index) % 7}`);
const disturbed = numbered.map((word, index) => (index % 10 === 3 ? (numbered[index - 1] ?? word) : word));
const pairs: Record<string, readonly [hypothesis: string, reference: string]> = {
  identical: [numbered.join(' '), numbered.join(' ')],
  'one word': ['a '.repeat(words), 'a '.repeat(words - 1)],
  'two words': ['a b '.repeat(words / 2), 'b a '.repeat(words / 2)],
  'seven words': [few.join(' '), few.toReversed().join(' ')],
  reversed: [numbered.toReversed().join(' '), numbered.join(' ')],
  disturbed: [disturbed.join(' '), numbered.join(' ')],
  halves: [[...numbered.slice(words / 2), ...numbered.slice(0, words / 2)].join(' '), numbered.join(' ')],
  'against one word': [numbered.join(' '), 'w1'],
  'one word against': ['w1', numbered.join(' ')],
  'full stops': ['.'.repeat(words), '.,'.repeat(words / 2)],
  'no spaces': ['漢'.repeat(words), '漢字'.repeat(words / 2)],
  'only spaces': [`a${' '.repeat(words)}b`, `a${'\u00a0'.repeat(words)}`],
};
const metrics: Record<string, () => Metric<Score>> = {
  BLEU: () => new BLEU(),
  'BLEU intl': () => new BLEU({ tokenize: 'intl' }),
  'BLEU zh': () => new BLEU({ tokenize: 'zh' }),
  'chrF++': () => new CHRF({ wordOrder: 2 }),
  TER: () => new TER(),
  'TER normalized': () => new TER({ normalized: true, asianSupport: true }),
};

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
print(`one segment of ${words} words or characters a side; seconds`);
print(`| | ${Object.keys(metrics).join(' | ')} |`);
print(`|---|${'---|'.repeat(Object.keys(metrics).length)}`);
for (const [name, [hypothesis, reference]] of Object.entries(pairs)) {
  const seconds = Object.values(metrics).map((create) => {
    const times = [1, 2, 3].map(() => {
      const start = performance.now();
      create().sentenceScore(hypothesis, [reference]);
      return (performance.now() - start) / 1000;
    });
    return (times.sort((left, right) => left - right)[1] ?? 0).toFixed(2);
  });
  print(`| ${name} | ${seconds.join(' | ')} |`);
}
