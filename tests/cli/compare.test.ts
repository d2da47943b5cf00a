import { describe, expect, it } from 'vitest';
import { incomparabilities, type ScoredRun } from '../../src/cli/comparability.ts';
import { compareSentences } from '../../src/cli/compare-sentences.ts';
import { scoreSentences } from '../../src/cli/sentence-scores.ts';
import type { EvaluationRow, RunRecord, TranslationRow } from '../../src/store/rows.ts';

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

describe('the scores of runs', () => {
  const evaluation = {
    sentences: 250,
    bleu: { signature: 'tok:13a' },
    decoding: { numBeams: 1, maxLength: 512, lengthPenalty: 1, earlyStopping: false, references: 'decoded' },
  } as unknown as EvaluationRow;
  const scored = (id: string, changes: Partial<EvaluationRow> = {}, run: Partial<RunRecord> = {}): ScoredRun => ({
    run: { id, dataHash: 'd1', experiment: { data: { split_seed: 42, validation_size: 250 } }, ...run } as RunRecord,
    before: null,
    after: { ...evaluation, ...changes },
  });

  it('can be compared when data, split, decoding and signature agree', () => {
    expect(incomparabilities([scored('a'), scored('b')])).toEqual([]);
    const unscored: ScoredRun = { ...scored('c', {}, { dataHash: null }), after: null };
    expect(incomparabilities([scored('a'), unscored])).toEqual([]);
  });

  it('cannot when one of them differs, and each reason is told', () => {
    const other = scored(
      'b',
      {
        bleu: { ...evaluation.bleu, signature: 'tok:intl' },
        decoding: { ...evaluation.decoding, numBeams: 4 },
      },
      { dataHash: null, experiment: { data: { split_seed: 20, validation_size: 250 } } },
    );
    expect(incomparabilities([scored('a'), other])).toEqual([
      'their scores have different signatures: a tok:13a; b tok:intl',
      'they were decoded or scored differently: a 250 sentences, greedy, at most 512 pieces, decoded references; ' +
        'b 250 sentences, 4 beams, length penalty 1, early stopping false, at most 512 pieces, decoded references',
      'they rest on different data: a d1; b unknown',
      'their held-out parts differ: a validation_size 250, split_seed 42; b validation_size 250, split_seed 20',
    ]);
  });
});
