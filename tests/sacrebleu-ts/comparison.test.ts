import {
  BLEU,
  bucketLabel,
  compareByFrequency,
  compareByLength,
  ngramPrecisions,
  type SentenceGain,
  sentenceGains,
  TER,
} from 'sacrebleu-ts';
import { describe, expect, it } from 'vitest';

const references = ['a b c d', 'a b', 'a x y z w'];
const baseline = ['a b c e', 'a b', 'a a'];
const system = ['a b c d', 'a c', 'a x y q w'];
const rowsOf = (metric: BLEU | TER) =>
  [baseline, system].map((hypotheses) => metric.corpusStatistics(hypotheses, [references]));

describe('sentence gains', () => {
  const order = (gains: readonly SentenceGain[]) => gains.map(({ index }) => index);

  it('are the differences of sentence scores, the largest first', () => {
    const metric = new BLEU({ effectiveOrder: true });
    const [before = [], after = []] = rowsOf(metric);
    const gains = sentenceGains(metric, before, after);
    const score = (hypothesis: string, index: number) =>
      metric.sentenceScore(hypothesis, [references[index] ?? '']).score;
    for (const { index, ...gain } of gains) {
      expect(gain.baseline).toBe(score(baseline[index] ?? '', index));
      expect(gain.system).toBe(score(system[index] ?? '', index));
      expect(gain.gain).toBe(gain.system - gain.baseline);
    }
    expect(order(gains)).toEqual([0, 2, 1]);
  });

  it('of TER are larger where there are fewer edits', () => {
    const metric = new TER();
    const [before = [], after = []] = rowsOf(metric);
    const gains = sentenceGains(metric, before, after);
    // Edits 1, 0, 4 against 0, 1, 1 of 4, 2 and 5 words.
    expect(gains).toEqual([
      { index: 2, baseline: 80, system: 20, gain: 60 },
      { index: 0, baseline: 25, system: 0, gain: 25 },
      { index: 1, baseline: 0, system: 50, gain: -50 },
    ]);
    expect(() => sentenceGains(metric, before, [])).toThrow('3 and 0 segments cannot be compared.');
  });
});

describe('n-gram precisions', () => {
  it('are matches and n-grams of each order', () => {
    const [before = [], after = []] = rowsOf(new BLEU({ maxNgramOrder: 3 }));
    // Baseline: a b c | a b | a, of 4 + 2 + 2 words; a b, b c | a b, of 3 + 1 + 1 pairs; a b c, of 2 + 0 + 0 triples.
    const [first, second, third] = ngramPrecisions(before, after);
    expect(first).toEqual({
      order: 1,
      baseline: { matches: 6, total: 8, precision: 75 },
      system: { matches: 9, total: 11, precision: 900 / 11 },
      difference: 900 / 11 - 75,
    });
    expect(second?.baseline).toEqual({ matches: 3, total: 5, precision: 60 });
    expect(second?.system).toEqual({ matches: 5, total: 8, precision: 62.5 });
    expect(third?.baseline).toEqual({ matches: 1, total: 2, precision: 50 });
    const [, empty] = ngramPrecisions([[1, 1, 1, 0, 1, 0]], [[1, 1, 1, 0, 1, 0]]);
    expect(empty).toMatchObject({ baseline: { precision: null }, difference: null });
  });
});

describe('a comparison by length', () => {
  it('scores the segments of each bucket as a corpus', () => {
    const metric = new TER();
    const [before = [], after = []] = rowsOf(metric);
    const buckets = compareByLength(metric, before, after, { lengths: [4, 2, 5], limits: [3, 10, 12] });
    expect(buckets).toEqual([
      { from: 0, to: 3, segments: 1, baseline: 0, system: 50 },
      { from: 3, to: 10, segments: 2, baseline: (100 * 5) / 9, system: (100 * 1) / 9 },
      { from: 10, to: 12, segments: 0, baseline: null, system: null },
      { from: 12, to: null, segments: 0, baseline: null, system: null },
    ]);
    expect(buckets.map(bucketLabel)).toEqual(['0-2', '3-9', '10-11', '12+']);
    expect(bucketLabel({ from: 1, to: 2 })).toBe('1');
    const compare = (lengths: number[], limits: number[]) =>
      compareByLength(metric, before, after, { lengths, limits });
    expect(() => compare([1], [3])).toThrow('3 and 1 segments cannot be compared.');
    expect(() => compare([1, 2, 3], [3, 3])).toThrow('limits are 3, 3; expected whole numbers above 0, ascending.');
  });
});

describe('a comparison by word frequency', () => {
  it('counts words by how often the references have them', () => {
    // The references have a three times, b twice, c d x y z w once.
    const [unknown, once, twice, often] = compareByFrequency({ baseline, system, references, limits: [1, 2, 3] });
    expect(unknown).toEqual({
      from: 0,
      to: 1,
      referenceWords: 0,
      baseline: { matches: 0, words: 1, precision: 0, recall: null, f1: 0 }, // e
      system: { matches: 0, words: 1, precision: 0, recall: null, f1: 0 }, // q
    });
    expect(once).toMatchObject({
      referenceWords: 6,
      baseline: { matches: 1, words: 1, precision: 100, recall: 100 / 6, f1: 200 / 7 }, // c
      system: { matches: 5, words: 6, precision: 500 / 6, recall: 500 / 6, f1: 1000 / 12 }, // c d, c, x y w
    });
    expect(twice).toMatchObject({ referenceWords: 2, baseline: { matches: 2 }, system: { matches: 1, words: 1 } });
    // The second a of the baseline's last line has none to match.
    expect(often).toMatchObject({ to: null, referenceWords: 3, baseline: { matches: 3, words: 4 } });
    expect(() => compareByFrequency({ baseline, system, references: ['a'] })).toThrow('cannot be compared');
  });
});
