import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { profiles } from 'sacrebleu-ts';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type ResamplingCase, resamplingCase, resamplingDifferences } from './golden-resampling.ts';

const committed = new URL('../../fixtures/sacrebleu/resampling.json', import.meta.url);
const whole = new URL('../../../../shared/data/sacrebleu-golden.json.gz', import.meta.url);
const groups = ['rng', 'confidence', 'paired'];

function parseCases(text: string): ResamplingCase[] {
  const cases = z.object({ cases: z.array(z.looseObject({ group: z.string() })) }).parse(JSON.parse(text)).cases;
  return cases.filter(({ group }) => groups.includes(group)).map((golden) => resamplingCase.parse(golden));
}

describe('the golden resamplings of sacreBLEU 2.6.0', () => {
  const cases = parseCases(readFileSync(committed, 'utf8'));

  for (const profile of profiles) {
    it(`are given bit for bit as on ${profile}: ${cases.length} committed cases`, () => {
      expect(new Set(cases.map(({ group }) => group))).toEqual(new Set(groups));
      expect(cases.flatMap((golden) => resamplingDifferences(golden, profile))).toEqual([]);
    });

    it.skipIf(!existsSync(whole))(`are given bit for bit as on ${profile}: the whole golden file`, () => {
      const all = parseCases(gunzipSync(readFileSync(whole)).toString('utf8'));
      expect(all.filter(({ group }) => group === 'paired')).toHaveLength(22);
      expect(all).toHaveLength(51);
      expect(all.flatMap((golden) => resamplingDifferences(golden, profile))).toEqual([]);
    });
  }
});
