import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { differences, type GoldenCase, goldenCase, isSupported } from './golden-cases.ts';

const committed = new URL('../fixtures/sacrebleu/golden.json', import.meta.url);
const whole = new URL('../../../shared/data/sacrebleu-golden.json.gz', import.meta.url);

function parseCases(text: string): GoldenCase[] {
  return z.object({ cases: z.array(goldenCase) }).parse(JSON.parse(text)).cases;
}

describe('the golden answers of sacreBLEU 2.6.0 on Python 3.12', () => {
  const cases = parseCases(readFileSync(committed, 'utf8'));

  for (const group of [...new Set(cases.map((golden) => golden.group))]) {
    const ofGroup = cases.filter((golden) => golden.group === group);
    it(`gives every field of all ${ofGroup.length} cases of ${group} bit for bit`, () => {
      expect(ofGroup.filter(isSupported)).toHaveLength(ofGroup.length);
      expect(ofGroup.flatMap(differences)).toEqual([]);
    });
  }

  it.skipIf(!existsSync(whole))('gives all scores and words of the whole golden file', () => {
    const all = parseCases(gunzipSync(readFileSync(whole)).toString('utf8'));
    const supported = all.filter(isSupported);
    expect(supported).toHaveLength(539);
    expect(supported.flatMap(differences)).toEqual([]);
  });
});
