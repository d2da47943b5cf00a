import { describe, expect, it } from 'vitest';
import type { TranslationRow } from '../../../src/store/rows.ts';
import { bigramOverlap, differingSentences } from '../../../src/ui/state/sentence-difference.ts';

function row(index: number, source: string, after: string | null, reference = `ref ${source}`): TranslationRow {
  return { index, source, reference, before: 'b', after };
}

describe('bigramOverlap', () => {
  // Dice's coefficient by hand: twice the shared pairs over all pairs.
  it.each([
    ['night', 'nacht', 25], // ni ig gh ht / na ac ch ht: 2·1/8
    ['aaaa', 'aa', 50], // aa aa aa / aa: 2·1/4
    ['abc', 'abc', 100],
    ['', '', 100],
    ['a', 'b', 0],
    ['', 'abc', 0],
    ['🐦🐦', '🐦🐦', 100],
    ['x🐦y', 'x🐦z', 50], // x🐦 🐦y / x🐦 🐦z
  ])('of "%s" and "%s" is %f', (a, b, overlap) => {
    expect(bigramOverlap(a, b)).toBeCloseTo(overlap, 10);
    expect(bigramOverlap(b, a)).toBeCloseTo(overlap, 10);
  });
});

describe('differingSentences', () => {
  it('gives the sentences that all runs translated and not alike, the largest spread first', () => {
    const a = [row(0, 'one', 'ref one'), row(1, 'two', 'ref two'), row(2, 'three', 'same'), row(3, 'four', 'ref four')];
    // In another order, as when the corpus was split another way; one sentence is missing.
    const b = [row(9, 'two', 'zzzz'), row(8, 'one', 'ref ane'), row(7, 'three', 'same')];
    const found = differingSentences([a, b]);
    expect(found.map(({ source }) => source)).toEqual(['two', 'one']);
    expect(found[0]).toMatchObject({
      index: 1,
      spread: 100,
      byRun: [{ after: 'ref two', closeness: 100 }, { closeness: 0 }],
    });
  });

  it('leaves out sentences without a final translation', () => {
    expect(differingSentences([[row(0, 'one', null)], [row(0, 'one', 'x')]])).toEqual([]);
    expect(differingSentences([])).toEqual([]);
  });

  it('keeps the order of the sentences where runs are equally far apart', () => {
    const a = [row(5, 'one', 'x'), row(2, 'two', 'x')];
    const b = [row(5, 'one', 'y'), row(2, 'two', 'y')];
    expect(differingSentences([a, b]).map(({ index }) => index)).toEqual([2, 5]);
  });
});
