import { describe, expect, it } from 'vitest';
import { describeBuckets } from '../../src/cli/compare-buckets.ts';
import type { TranslationRow } from '../../src/store/rows.ts';

/** Rows of `source | reference | after`. */
function rowsOf(lines: readonly string[]): TranslationRow[] {
  return lines.map((line, index) => {
    const [source = '', reference = '', after = ''] = line.split('|').map((part) => part.trim());
    return { index, source, reference, before: null, after: after === '' ? null : after };
  });
}

describe('the buckets of two runs', () => {
  it('show where they differ, on sentences both have translated', () => {
    const first = rowsOf(['a|x y z w v|x y z w q', 'b|k l|k l', 'c|only here|only here', 'd|never|']);
    const second = rowsOf(['b|k l|k m', 'a|x y z w v|x y z w v', 'd|never|never']);
    expect(describeBuckets({ id: 'aaaa', translations: first }, { id: 'bbbb', translations: second })).toEqual([
      'N-GRAM PRECISION  N-GRAMS   aaaa    bbbb  TO FIRST',
      '1                       7  85.71   85.71      0.00',
      '2                       5  80.00   80.00      0.00',
      '3                       3  66.67  100.00    +33.33',
      '4                       2  50.00  100.00    +50.00',
      '',
      // The fourth roots of 6/7 * 4/5 * 2/3 * 1/2 and of 6/7 * 4/5.
      'BLEU BY WORDS OF THE REFERENCE  SENTENCES   aaaa   bbbb  TO FIRST',
      '0-9                                     2  69.14  91.00    +21.85',
      '',
      'F1 OF WORDS BY OCCURRENCES IN THE REFERENCES  WORDS   aaaa   bbbb  TO FIRST',
      '1                                                 7  92.31  92.31      0.00',
    ]);
  });

  it('are none where the runs share no sentence', () => {
    const [first, second] = [rowsOf(['a|b|c']), rowsOf(['x|y|z'])];
    expect(describeBuckets({ id: 'aaaa', translations: first }, { id: 'bbbb', translations: second })).toEqual([]);
  });
});
