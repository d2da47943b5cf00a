/**
 * The expectations of sacreBLEU's own test_significance.py (github.com/mjpost/sacrebleu at f615c72; Apache-2.0): 16 systems of
 * WMT 2017, English-German, from their kept statistics. Its p-values are those of two other programs, within 0.01.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { BLEU, type PairedTestType, pairedTestOfStatistics } from 'sacrebleu-ts';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const pValues = z.array(z.number().nullable());
const wmt17 = z
  .object({
    referenceWords: z.array(z.number()),
    systems: z.array(z.object({ name: z.string(), words: z.array(z.number()), matches: z.array(z.array(z.number())) })),
    pValues: z.object({ bs: pValues, ar: pValues }),
  })
  .parse(
    JSON.parse(
      gunzipSync(readFileSync(new URL('../../fixtures/sacrebleu/significance.json.gz', import.meta.url))).toString(),
    ),
  );

/** Of the systems behind the baseline, LIUM-NMT. Moses: scripts/moses-sigdiff.pl, mean of three runs; MultEval: 10,000 trials. */
const others: Record<PairedTestType, number[]> = {
  bs: [0, 0.01267, 0.02233, 0.04383, 0.20783, 0, 0.381, 0, 0, 0, 0.01167, 0.20983, 0, 0, 0.25483],
  ar: [1e-4, 0.0218, 0.041, 0.09029, 0.58494, 1e-4, 0.94111, 1e-4, 1e-4, 1e-4, 0.0207, 0.59914, 1e-4, 1e-4, 0.71073],
};

function pValuesOf(type: PairedTestType, nSamples: number): (number | null)[] {
  const metric = new BLEU({ tokenize: 'none' });
  // One score: the signature wants to know how many references there are.
  metric.corpusScore(['a'], [['a']]);
  const statistics = wmt17.systems.map(({ words, matches }) =>
    words.map((length, segment) => [
      length,
      wmt17.referenceWords[segment] ?? 0,
      ...matches.map((ofOrder) => ofOrder[segment] ?? 0),
      ...matches.map((_, index) => Math.max(length - index, 0)),
    ]),
  );
  const systems = wmt17.systems.map(({ name }) => name);
  const test = pairedTestOfStatistics({ metrics: [{ metric, statistics }], systems, type, nSamples });
  return (test.metrics[0]?.results ?? []).map(({ pValue }) => pValue);
}

describe('test_significance.py', () => {
  it.each([
    { type: 'bs', nSamples: 2000, program: 'Moses' },
    { type: 'ar', nSamples: 10_000, program: 'MultEval' },
  ] as const)('the p-values of $type are those of sacreBLEU, and near those of $program', ({ type, nSamples }) => {
    const found = pValuesOf(type, nSamples);
    expect(found).toEqual(wmt17.pValues[type]);
    const distances = found
      .slice(1)
      .map((value, index) => Math.abs((value ?? Number.NaN) - (others[type][index] ?? 0)));
    expect(distances).toHaveLength(15);
    expect(Math.max(...distances)).toBeLessThan(0.01);
  });
});
