import { BLEU, bleuFromStatistics, sumRows } from 'sacrebleu-ts';
import { describe, expect, it } from 'vitest';

/** The unit example of the Hugging Face course; 46.750469682990186 is Python 3.13's. */
const hypothesis = 'This plugin lets you translate web pages between several languages automatically.';
const reference = 'This plugin allows you to automatically translate web pages between several languages.';

describe('BLEU', () => {
  it("scores the course's example as sacreBLEU does on Python 3.13", () => {
    const bleu = new BLEU();
    const result = bleu.corpusScore([hypothesis], [[reference]]);
    expect(result).toMatchObject({
      score: 46.750469682990186,
      counts: [11, 6, 4, 3],
      totals: [12, 11, 10, 9],
      bp: 0.9200444146293233,
      sysLen: 12,
      refLen: 13,
    });
    expect(String(result)).toBe(
      'BLEU = 46.75 91.7/54.5/40.0/33.3 (BP = 0.920 ratio = 0.923 hyp_len = 12 ref_len = 13)',
    );
    expect(new BLEU().corpusScore(['This This This This'], [[reference]]).score).toBe(1.683602693167689);
  });

  it('writes its signature, long and short', () => {
    const bleu = new BLEU({ smoothMethod: 'floor', lowercase: true, effectiveOrder: true, tokenize: 'char' });
    bleu.corpusScore(
      ['a', 'b'],
      [
        ['a', 'b'],
        ['c', null],
      ],
    );
    expect(bleu.getSignature()).toBe('nrefs:var|case:lc|eff:yes|tok:char|smooth:floor[0.10]|version:2.6.0');
    expect(bleu.getSignature({ short: true })).toBe('#:var|c:lc|e:yes|tok:char|s:floor[0.10]|v:2.6.0');
  });

  it('scores a sentence as a corpus of one', () => {
    const bleu = new BLEU({ effectiveOrder: true });
    const sentence = bleu.sentenceScore(hypothesis, [reference, 'Another one.']);
    expect(sentence).toEqual(bleu.corpusScore([hypothesis], [[reference], ['Another one.']]));
  });

  it('scores the sum of the rows of its segments as the corpus', () => {
    const bleu = new BLEU();
    const [hypotheses, references] = [[hypothesis, 'a b c d e'], [[reference, 'a b c d f g']]];
    const rows = bleu.corpusStatistics(hypotheses, references);
    expect(rows[1]).toEqual([5, 6, 4, 3, 2, 1, 5, 4, 3, 2]);
    expect(bleu.scoreFromStatistics(sumRows(rows))).toEqual(bleu.corpusScore(hypotheses, references));
  });

  it('leaves the statistics it is given as they are', () => {
    const statistics = { counts: [3, 0], totals: [4, 3], sysLen: 4, refLen: 4 };
    const { counts, totals } = bleuFromStatistics(statistics, {
      smoothMethod: 'add-k',
      smoothValue: null,
      effectiveOrder: false,
    });
    expect({ counts, totals }).toEqual({ counts: [3, 1], totals: [4, 4] });
    expect(statistics).toEqual({ counts: [3, 0], totals: [4, 3], sysLen: 4, refLen: 4 });
  });

  it('does not take words for properties of objects', () => {
    const words = 'constructor __proto__ toString hasOwnProperty valueOf';
    expect(new BLEU({ tokenize: 'none' }).corpusScore([words], [[words]]).counts).toEqual([5, 4, 3, 2]);
  });
});

describe('the warnings of BLEU', () => {
  function warningsOf(act: (onWarning: (message: string) => void) => unknown): string[] {
    const warnings: string[] = [];
    act((message) => warnings.push(message));
    return warnings;
  }

  it('say that another tokenizer is usual for the language', () => {
    expect(warningsOf((onWarning) => new BLEU({ trgLang: 'zh', tokenize: '13a', onWarning }))).toEqual([
      "Consider using the 'zh' or 'spm' tokenizer for Chinese.",
    ]);
    expect(warningsOf((onWarning) => new BLEU({ trgLang: 'ko', tokenize: 'char', onWarning }))).toEqual([
      "Consider using the 'ko-mecab' or 'spm' tokenizer for Korean.",
    ]);
    expect(warningsOf((onWarning) => new BLEU({ trgLang: 'zh', onWarning }))).toEqual([]);
    expect(warningsOf((onWarning) => new BLEU({ trgLang: 'de', tokenize: 'char', onWarning }))).toEqual([]);
  });

  it('say what a sentence is better scored with', () => {
    const score = (effectiveOrder: boolean) =>
      warningsOf((onWarning) => new BLEU({ effectiveOrder, onWarning }).sentenceScore('a', ['a']));
    expect(score(false)).toEqual(['It is recommended to enable effectiveOrder for sentence-level BLEU.']);
    expect(score(true)).toEqual([]);
  });

  it('say that 100 lines look tokenized, unless forced', () => {
    const score = (lines: number, force: boolean) =>
      warningsOf((onWarning) => {
        const hypotheses = Array.from({ length: lines }, () => 'a b .');
        new BLEU({ force, onWarning }).corpusScore(hypotheses, [hypotheses]);
      });
    expect(score(100, false)).toEqual([expect.stringMatching(/^100 lines or more end in a tokenized full stop/)]);
    expect([...score(99, false), ...score(100, true)]).toEqual([]);
  });
});

describe('wrong use', () => {
  const cases: [title: string, act: () => unknown, message: string][] = [
    [
      'hypotheses without references of their own',
      () => new BLEU().corpusScore(['a', 'b'], [['a']]),
      'There are 2 hypotheses but 1 segments in references 0.',
    ],
    ['no hypothesis', () => new BLEU().corpusScore([], [[]]), 'There are no hypotheses to score.'],
    ['no references', () => new BLEU().corpusScore(['a'], []), 'There are no references to score against.'],
    [
      'a segment whose references are all missing',
      () => new BLEU().corpusScore(['a'], [[null]]),
      'A segment has no reference: all are null.',
    ],
    [
      'an unknown smoothing',
      () => new BLEU({ smoothMethod: 'constructor' as 'exp' }),
      "Smoothing 'constructor' is not supported; supported are: none, floor, add-k, exp.",
    ],
    [
      'an unknown option',
      () => new BLEU({ nBootstrap: 1000 } as object),
      "Option 'nBootstrap' is not supported; supported are: lowercase, tokenize, smoothMethod, smoothValue, maxNgramOrder, effectiveOrder, trgLang, force, sentencePiece, onWarning.",
    ],
    [
      'half an order',
      () => new BLEU({ maxNgramOrder: 1.5 }),
      'maxNgramOrder is 1.5; expected a whole number, 0 or more.',
    ],
    [
      'a smoothing value below 0',
      () => new BLEU({ smoothValue: -1 }),
      'smoothValue is -1; expected 0 or more, or null for the default.',
    ],
    [
      'a signature before a score',
      () => new BLEU().getSignature(),
      'The signature holds the number of references: score something first.',
    ],
    [
      'JSON without a signature',
      () => new BLEU().sentenceScore('a', ['a']).format({ isJson: true }),
      'format: isJson needs the signature, as getSignature gives it.',
    ],
    [
      'references as one string',
      () => new BLEU().sentenceScore('a', 'a' as unknown as string[]),
      'References should be an array of strings, not a string.',
    ],
  ];
  it.each(cases)('refuses %s', (_, act, message) => {
    expect(act).toThrow(message);
  });
});
