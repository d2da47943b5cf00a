import { CHRF, sumRows } from 'sacrebleu-ts';
import { describe, expect, it } from 'vitest';

describe('chrF', () => {
  it('counts n-grams of code points, without white space, by order', () => {
    const chrf = new CHRF({ charOrder: 3 });
    // 😀ab against 😀aab: 😀, a, b; 😀a, ab; and no three.
    expect(chrf.segmentStatistics('😀a b', ['😀aa b'])).toEqual([3, 4, 3, 2, 3, 2, 1, 2, 0]);
    expect(new CHRF({ charOrder: 1, whitespace: true }).segmentStatistics('a b', ['a  b'])).toEqual([3, 4, 3]);
  });

  it('counts words with one punctuation mark taken off for chrF++', () => {
    const plusPlus = new CHRF({ charOrder: 0, wordOrder: 2 });
    // "(hi", ")" and "x" against "(", "hi" and ")", then against "(hi" and ")".
    expect(plusPlus.segmentStatistics('(hi) x', ['(hi )'])).toEqual([3, 3, 1, 2, 2, 0]);
    expect(plusPlus.segmentStatistics('(hi) x', ['(hi)'])).toEqual([3, 2, 2, 2, 1, 1]);
  });

  it('does not count a hypothesis at orders the reference is too short for', () => {
    expect(new CHRF({ charOrder: 2 }).segmentStatistics('abc', ['a'])).toEqual([3, 1, 1, 0, 0, 0]);
  });

  it('takes the reference with the best score, the first of equal ones', () => {
    const chrf = new CHRF({ charOrder: 1 });
    expect(chrf.segmentStatistics('ab', ['xy', 'abcd', 'ab', null])).toEqual([2, 2, 2]);
    expect(chrf.segmentStatistics('ab', ['x', 'xyz'])).toEqual([2, 1, 0]);
  });

  it('scores the sum of the rows of its segments as the corpus', () => {
    const chrf = new CHRF({ wordOrder: 2 });
    const [hypotheses, references] = [['a cat', 'the dog'], [['a bat', 'a dog']]];
    const rows = chrf.corpusStatistics(hypotheses, references);
    const score = chrf.corpusScore(hypotheses, references);
    expect(chrf.scoreFromStatistics(sumRows(rows))).toEqual(score);
    expect(score).toMatchObject({ name: 'chrF2++', charOrder: 6, wordOrder: 2, beta: 2 });
    expect(chrf.getSignature()).toBe('nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:2.6.0');
  });

  it('writes beta as Python does', () => {
    const nameWith = (beta: number) => new CHRF({ beta }).sentenceScore('a', ['a']).name;
    expect([1, 0.5, 3].map(nameWith)).toEqual(['chrF1', 'chrF0.5', 'chrF3']);
  });

  const refused: [title: string, act: () => unknown, message: string][] = [
    ['half an order', () => new CHRF({ charOrder: 2.5 }), 'charOrder is 2.5; expected a whole number, 0 or more.'],
    ['an order below 0', () => new CHRF({ wordOrder: -1 }), 'wordOrder is -1; expected a whole number, 0 or more.'],
    ['no orders', () => new CHRF({ charOrder: 0 }), 'charOrder and wordOrder are 0: there is nothing to count.'],
    ['a beta that is none', () => new CHRF({ beta: Number.NaN }), 'beta is NaN; expected 0 or more.'],
    [
      'an unknown option',
      () => new CHRF({ charorder: 2 } as object),
      "Option 'charorder' is not supported; supported are: charOrder, wordOrder, beta, lowercase, whitespace, epsSmoothing.",
    ],
    ['a segment without reference', () => new CHRF().corpusScore(['a'], [[null]]), 'A segment has no reference'],
  ];
  it.each(refused)('refuses %s', (_, act, message) => {
    expect(act).toThrow(message);
  });
});
