import { BLEU, tokenize } from 'sacrebleu-ts';
import { describe, expect, it } from 'vitest';
import { splitWords } from '../../src/sacrebleu-ts/src/python/white-space.ts';

describe('the 13a tokenizer', () => {
  it('joins words broken at a line end and drops mark-up, as mteval-v13a.pl', () => {
    // Printed by sacreBLEU 2.6.0.
    expect(tokenize('13a', 'a well-\nknown <skipped>thing\nof 3-4, 1,000.5 "ends".')).toBe(
      'a wellknown thing of 3 - 4 , 1,000.5 " ends " .',
    );
  });

  it("splits what mteval-v13a.pl's four regular expressions split", () => {
    // All texts of up to five of these characters: everything its passes tell apart.
    const alphabet = ['5', '.', ',', '-', 'a', ' ', '"', '\u00a0', '𠀀'];
    let texts = [''];
    let wrong = 0;
    for (let length = 1; length <= 5; length++) {
      texts = texts.flatMap((text) => alphabet.map((character) => text + character));
      for (const text of texts) if (tokenize('13a', text) !== byRegularExpressions(` ${text} `)) wrong += 1;
      for (const text of texts) if (tokenize('zh', text) !== byRegularExpressions(text.trim())) wrong += 1;
    }
    expect(wrong).toBe(0);
  });

  function byRegularExpressions(text: string): string {
    const spaced = text
      .replace(/[{-~[-` -&(-+:-@/]/g, ' $& ')
      .replace(/([^0-9])([.,])/gu, '$1 $2 ')
      .replace(/([.,])([^0-9])/gu, ' $1 $2')
      .replace(/([0-9])(-)/g, '$1 $2 ');
    return splitWords(spaced).join(' ');
  }
});

describe('the zh tokenizer', () => {
  it('takes for Chinese what sacreBLEU does, and is the default for trgLang zh', () => {
    // Printed by sacreBLEU 2.6.0: U+2192 is set apart, U+20000 is not.
    expect(tokenize('zh', ' 我有3.5个，a→b 𠀀𠀁x. ')).toBe('我 有 3.5 个 ， a → b 𠀀𠀁x .');
    const bleu = new BLEU({ trgLang: 'zh' });
    expect(bleu.sentenceScore('我有一个', ['我有一个']).sysLen).toBe(4);
    expect(bleu.getSignature()).toBe('nrefs:1|case:mixed|eff:no|tok:zh|smooth:exp|version:2.6.0');
  });
});

describe('a SentencePiece tokenizer', () => {
  const letters = (line: string): string[] => ['▁', ...line.replaceAll(' ', '')];

  it('divides lines with the model it is given, as function or object', () => {
    for (const sentencePiece of [letters, { encode: letters }]) {
      expect(tokenize('flores200', 'ab c', { sentencePiece })).toBe('▁ a b c');
      const bleu = new BLEU({ tokenize: 'flores200', sentencePiece });
      expect(bleu.corpusScore(['ab c'], [['ab d']]).counts).toEqual([3, 2, 1, 0]);
      expect(bleu.getSignature({ short: true })).toBe('#:1|c:mixed|e:no|tok:flores200|s:exp|v:2.6.0');
    }
  });

  it('calls spm by its new name, with a warning', () => {
    const warnings: string[] = [];
    const bleu = new BLEU({ tokenize: 'spm', sentencePiece: letters, onWarning: (message) => warnings.push(message) });
    bleu.corpusScore(['a'], [['a']]);
    expect(bleu.getSignature()).toContain('|tok:flores101|');
    expect(warnings).toEqual(["Tokenizer 'spm' has been changed to 'flores101', and may be removed in the future."]);
  });
});

describe('wrong use of tokenizers', () => {
  const names = '13a, none, char, intl, zh, spm, flores101, flores200, spBLEU-1K';
  const cases: [title: string, act: () => unknown, message: string][] = [
    [
      'a name that is none',
      () => new BLEU({ tokenize: 'moses' as 'none' }),
      `Tokenizer 'moses' is not supported; supported are: ${names}.`,
    ],
    [
      'a name objects have',
      () => tokenize('toString' as 'none', 'a'),
      `Tokenizer 'toString' is not supported; supported are: ${names}.`,
    ],
    [
      'a SentencePiece tokenizer without its model',
      () => tokenize('flores200', 'a'),
      "Tokenizer 'flores200' needs its SentencePiece model: load https://tinyurl.com/flores200sacrebleuspm and give it as the option sentencePiece, an object with encode(line) or such a function.",
    ],
    [
      'Japanese without MeCab',
      () => new BLEU({ trgLang: 'ja' }),
      "Tokenizer 'ja-mecab' needs MeCab and its IPA dictionary, which are not part of this package: divide the words of both sides with them and take tokenize 'none', or take 'char' or 'flores200'.",
    ],
    [
      'Korean without MeCab-ko',
      () => new BLEU({ tokenize: 'ko-mecab' as 'none' }),
      "Tokenizer 'ko-mecab' needs MeCab-ko and mecab-ko-dic, which are not part of this package: divide the words of both sides with them and take tokenize 'none', or take 'char' or 'flores200'.",
    ],
  ];
  it.each(cases)('refuses %s', (_, act, message) => {
    expect(act).toThrow(new RangeError(message));
  });
});
