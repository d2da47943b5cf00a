import { sumRows, TER } from 'sacrebleu-ts';
import { describe, expect, it } from 'vitest';

describe('TER', () => {
  it('takes the fewest edits of the references and their mean length', () => {
    const ter = new TER();
    expect(ter.segmentStatistics('a b c', ['x y z w', 'a b d', null])).toEqual([1, 3.5]);
    expect(ter.segmentStatistics('a b', [''])).toEqual([2, 0]);
    expect(ter.segmentStatistics('', ['a b'])).toEqual([2, 2]);
  });

  it('counts a shifted block as one edit', () => {
    expect(new TER().segmentStatistics('d e f g h a b c', ['a b c d e f g h'])).toEqual([1, 8]);
  });

  it('gives up shifting where sacreBLEU does', () => {
    // Printed by sacreBLEU 2.6.0: beyond a distance of 50 nothing is shifted, nor a block of more than 10 at once.
    const filler = (length: number): string => Array.from({ length }, (_, index) => `w${index}`).join(' ');
    expect(new TER().segmentStatistics(`x ${filler(50)}`, [`${filler(50)} x`])).toEqual([1, 51]);
    expect(new TER().segmentStatistics(`x ${filler(51)}`, [`${filler(51)} x`])).toEqual([2, 52]);
    const block = 'a b c d e f g h i j k';
    expect(new TER().segmentStatistics(`${block} ${filler(20)}`, [`${filler(20)} ${block}`])).toEqual([2, 31]);
  });

  it('gives up after looking at as many shifts as sacreBLEU', () => {
    // Printed by sacreBLEU 2.6.0. The first is 31 with a limit of 900 candidates, the second 19 with one of 1,100.
    const words = (length: number, number: (index: number) => number): string =>
      Array.from({ length }, (_, index) => `w${number(index)}`).join(' ');
    const swapped = words(60, (index) => (index % 2 === 0 ? index + 1 : index - 1));
    expect(new TER().segmentStatistics(swapped, [words(60, (index) => index)])).toEqual([30, 60]);
    const mixed = words(30, (index) => ((index * 7) % 30) % 5);
    expect(new TER().segmentStatistics(mixed, [words(30, (index) => index % 5)])).toEqual([20, 30]);
  });

  it('tokenizes references twice', () => {
    // Once gives `5 . . .6`, twice `5 . . . 6`: the two differ from themselves. 2 is printed by sacreBLEU 2.6.0.
    expect(new TER({ normalized: true }).sentenceScore('5...6', ['5...6']).numEdits).toBe(2);
  });

  it('scores the sum of the rows of its segments as the corpus', () => {
    const ter = new TER({ caseSensitive: true, noPunct: true });
    const [hypotheses, references] = [['a cat.', 'the dog'], [['a bat', 'The dog']]];
    const score = ter.corpusScore(hypotheses, references);
    expect(ter.scoreFromStatistics(sumRows(ter.corpusStatistics(hypotheses, references)))).toEqual(score);
    expect(score).toMatchObject({ score: 50, numEdits: 2, refLength: 4 });
    expect(ter.getSignature({ short: true })).toBe('#:1|c:mixed|t:tercom|nr:no|pn:no|as:no|v:2.6.0');
  });

  it('takes time in proportion to the length of lines, identical, repetitive or disturbed', () => {
    const words = Array.from({ length: 10_000 }, (_, index) => `w${(index * 7919) % 1009}`);
    const disturbed = words.filter((_, index) => index % 11 !== 0);
    const lines = [words, words.map(() => 'a'), disturbed, disturbed.map(() => 'a'), words.toReversed()];
    const start = process.cpuUsage();
    for (const hypothesis of lines) {
      for (const reference of lines) new TER().segmentStatistics(hypothesis.join(' '), [reference.join(' ')]);
    }
    // 25 pairs; one alone would take minutes if all 1e8 pairs of words were looked at for each shift.
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(30);
  });

  it('refuses an unknown option and a segment without reference', () => {
    expect(() => new TER({ nopunct: true } as object)).toThrow(
      "Option 'nopunct' is not supported; supported are: normalized, noPunct, asianSupport, caseSensitive.",
    );
    expect(() => new TER().corpusScore(['a'], [[null]])).toThrow('A segment has no reference: all are null.');
  });
});
