import { describe, expect, it } from 'vitest';
import {
  beforeAndAfter,
  bleuDifference,
  incomparabilities,
  type ScoredRun,
} from '../../../src/ui/state/comparability.ts';
import { bleu, evaluationRow, greedy } from '../../support/evaluation.ts';

const score = bleu(50, { signature: 'nrefs:1|tok:13a' });
const after = { ...evaluationRow({ stage: 'after', sentences: 250 }), bleu: score, decoding: greedy() };

function scored(label: string, changes: Partial<ScoredRun> = {}): ScoredRun {
  const parameters = { 'data.validation_size': '250', 'data.split_seed': '42', 'training.seed': '42' };
  return { label, dataHash: '0123456789abcdef', parameters, evaluations: [after], ...changes };
}

function reasonsAgainst(changes: Partial<ScoredRun>): string[] {
  return incomparabilities([scored('A'), scored('B', changes)]);
}

describe('the scores of runs', () => {
  it('can be compared when signature, decoding and held-out sentences agree, however they were trained', () => {
    expect(reasonsAgainst({})).toEqual([]);
    expect(reasonsAgainst({ evaluations: [{ ...after, bleu: { ...after.bleu, score: 12 } }] })).toEqual([]);
    // The same 250 sentences of 2,500.
    const parameters = { 'data.train_size': '0.9', 'data.split_seed': '42', 'training.seed': '7' };
    expect(reasonsAgainst({ parameters })).toEqual([]);
    expect(reasonsAgainst({ dataHash: null, evaluations: [] })).toEqual([]);
  });

  it.each<[string, Partial<ScoredRun>, string]>([
    [
      'signature',
      { evaluations: [{ ...after, bleu: { ...after.bleu, signature: 'nrefs:1|tok:intl|smooth:floor[0.10]' } }] },
      'other BLEU signatures: tok 13a (A), intl (B); smooth none (A), floor[0.10] (B)',
    ],
    [
      'decoding',
      { evaluations: [{ ...after, decoding: greedy({ numBeams: 4, earlyStopping: 'never', references: 'raw' }) }] },
      'decoded or scored differently: num_beams 1 (A), 4 (B); early_stopping false (A), never (B); references decoded (A), raw (B)',
    ],
    ['corpus', { dataHash: null }, 'scored on other sentences: corpus 01234567 (A), unknown (B)'],
    [
      'number of sentences',
      { evaluations: [{ ...after, sentences: 200 }] },
      'scored on other sentences: sentences 250 (A), 200 (B)',
    ],
    ['split', { parameters: { 'data.split_seed': '20' } }, 'scored on other sentences: split_seed 42 (A), 20 (B)'],
    [
      'score of the untouched model, where there is no other',
      { evaluations: [{ ...after, stage: 'before', sentences: 200 }] },
      'scored on other sentences: sentences 250 (A), 200 (B)',
    ],
  ])('cannot with another %s', (_, changes, reason) => {
    expect(reasonsAgainst(changes)).toEqual([`not comparable, ${reason}`]);
  });

  it('rest on no split where validation has a corpus of its own', () => {
    const own = (seed: string) => ({ 'data.validation_corpus.format': 'tsv', 'data.split_seed': seed });
    const runs = [scored('A', { parameters: own('42') }), scored('B', { parameters: own('20') })];
    expect(incomparabilities(runs)).toEqual([]);
  });

  it('are told with every reason and every run', () => {
    const other = { ...after, sentences: 200, decoding: greedy({ maxLength: 24 }) };
    expect(incomparabilities([scored('x1'), scored('x2'), scored('x3', { evaluations: [other] })])).toEqual([
      'not comparable, decoded or scored differently: max_length 128 (x1, x2), 24 (x3)',
      'not comparable, scored on other sentences: sentences 250 (x1, x2), 200 (x3)',
    ]);
  });
});

describe('the gain from before to after', () => {
  const before = { ...after, stage: 'before', bleu: { ...after.bleu, score: 20 } } as const;

  it('is the difference of scores that were made the same way', () => {
    expect(bleuDifference(before, after)).toBe(30);
  });

  it.each([
    ['one is missing', null],
    ['the decoding differs', { ...after, decoding: greedy({ numBeams: 4 }) }],
    ['the signature differs', { ...after, bleu: bleu(50) }],
    ['the number of sentences differs', { ...after, sentences: 200 }],
  ])('is nothing where %s', (_, other) => {
    expect(bleuDifference(before, other)).toBeNull();
  });
});

describe('the models of a run', () => {
  it('are known by the last evaluations of before and after', () => {
    const made = (['before', 'before', 'epoch', 'after', 'after', 'epoch'] as const).map((stage, id) => {
      return evaluationRow({ id, stage });
    });
    const { before, after } = beforeAndAfter(made);
    expect([before?.id, after?.id]).toEqual([1, 4]);
    expect(beforeAndAfter([])).toEqual({ before: null, after: null });
  });
});
