import { describe, expect, it } from 'vitest';
import type { TranslationRow } from '../../../src/store/rows.ts';
import { compareSentences } from '../../../src/ui/state/sentence-difference.ts';

function row(index: number, source: string, after: string | null, reference = `ref ${source}`): TranslationRow {
  return { index, source, reference, before: 'b', after };
}

describe('compareSentences', () => {
  it('gives the sentences that all runs translated and not alike, the largest spread first', () => {
    const a = [row(0, 'one', 'ref one'), row(1, 'two', 'ref two'), row(2, 'three', 'same'), row(3, 'four', 'ref four')];
    // In another order, as when the corpus was split another way; one sentence is missing.
    const b = [row(9, 'two', 'zzzz'), row(8, 'one', 'ref ane'), row(7, 'three', 'same')];
    const { shared, differing } = compareSentences([a, b]);
    expect(shared).toBe(3);
    expect(differing.map(({ source }) => source)).toEqual(['two', 'one']);
    expect(differing[0]?.index).toBe(1);
    expect(differing[0]?.spread).toBeCloseTo(100);
    expect(differing[0]?.byRun.map(({ after }) => after)).toEqual(['ref two', 'zzzz']);
    // One of two words, none of one pair counted as a half: sqrt(1/2 * 1/2), by sacreBLEU 2.6.0's effective order.
    expect(differing[1]?.byRun[1]?.bleu).toBeCloseTo(50, 10);
  });

  it('leaves out sentences without a final translation', () => {
    expect(compareSentences([[row(0, 'one', null)], [row(0, 'one', 'x')]])).toEqual({ shared: 0, differing: [] });
    expect(compareSentences([])).toEqual({ shared: 0, differing: [] });
  });

  it('keeps the order of the sentences where runs are equally far apart', () => {
    const a = [row(5, 'one', 'x'), row(2, 'two', 'x')];
    const b = [row(5, 'one', 'y'), row(2, 'two', 'y')];
    expect(compareSentences([a, b]).differing.map(({ index }) => index)).toEqual([2, 5]);
  });
});
