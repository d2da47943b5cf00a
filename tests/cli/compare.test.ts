import { describe, expect, it } from 'vitest';
import { scoreSentences } from '../../src/cli/sentence-scores.ts';
import type { TranslationRow } from '../../src/store/rows.ts';
import { compareSentences } from '../../src/ui/state/sentence-difference.ts';

function sentence(
  index: number,
  reference: string,
  after: string | null,
  before: string | null = null,
): TranslationRow {
  return { index, source: `source of ${reference}`, reference, before, after };
}

describe('sentence BLEU', () => {
  it("is sacreBLEU's with effective order", () => {
    // sacrebleu 2.6.0: BLEU(effective_order=True).sentence_score(hypothesis, [reference]).score
    const [row] = scoreSentences([
      sentence(
        0,
        'This plugin allows you to automatically translate web pages between several languages.',
        'This plugin lets you translate web pages between several languages automatically.',
      ),
    ]);
    expect(row?.bleuAfter).toBeCloseTo(46.750469682990165, 10);
    expect(row?.bleuBefore).toBeNull();
    expect(row?.bleuDelta).toBeNull();
  });

  it('of a short sentence that is right is 100', () => {
    const [row] = scoreSentences([sentence(0, 'Ouvrir', 'Ouvrir', 'Fermer')]);
    expect([row?.bleuBefore, row?.bleuAfter, row?.bleuDelta]).toEqual([0, expect.closeTo(100), expect.closeTo(100)]);
  });
});

describe('sentences of several runs', () => {
  it('are matched by their texts, those furthest apart first, equal ones left out', () => {
    const first = [
      sentence(0, 'a b c d', 'a b c d'),
      sentence(1, 'e f g h', 'e f g x'),
      sentence(2, 'i j k l', 'i j k l'),
      sentence(3, 'only here', 'only here'),
      sentence(4, 'not yet', null),
    ];
    const second = [
      sentence(7, 'i j k l', 'z'),
      sentence(8, 'e f g h', 'e f y h'),
      sentence(9, 'a b c d', 'a b c d'),
      sentence(4, 'not yet', 'not yet'),
    ];
    const { shared, differing } = compareSentences([first, second]);
    expect(shared).toBe(3);
    expect(differing.map(({ reference }) => reference)).toEqual(['i j k l', 'e f g h']);
    expect(differing[0]?.byRun.map(({ after }) => after)).toEqual(['i j k l', 'z']);
    expect(differing[0]?.spread).toBeCloseTo(100);
  });
});
