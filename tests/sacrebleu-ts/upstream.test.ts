/**
 * The expectations of sacreBLEU's own tests that need neither network nor NumPy, with its tolerances: test_bleu.py,
 * test_sentence_bleu.py, test_chrf.py, test_ter.py and test_tokenizer_ter.py of github.com/mjpost/sacrebleu at f615c72
 * (2.6.0; Apache-2.0).
 */
import { BLEU, type BleuOptions, bleuFromStatistics, CHRF, TER } from 'sacrebleu-ts';
import { describe, expect, it } from 'vitest';
import { splitWordsTercom } from '../../src/sacrebleu-ts/src/tokenizers/tercom.ts';

function expectWithin(tolerance: number, actual: number, expected: number): void {
  expect(Math.abs(actual - expected), `${actual}, not ${expected}`).toBeLessThan(tolerance);
}

describe('test_bleu.py', () => {
  const references = [
    ['The dog bit the man.', 'It was not unexpected.', 'The man bit him first.'],
    ['The dog had bit the man.', 'No one was surprised.', 'The man had bitten the dog.'],
  ];
  const hypotheses = ['The dog bit the man.', "It wasn't surprising.", 'The man had just bitten him.'];
  const raw = (smoothValue: number | null): BLEU =>
    new BLEU({ smoothMethod: 'floor', smoothValue, tokenize: 'none', effectiveOrder: true });

  const rawCases: [hypotheses: string[], references: string[], score: number][] = [
    [['this is a test', 'another test'], ['ref1', 'ref2'], 0],
    [['this is a test'], ['this is a test'], 1],
    [['this is a fest'], ['this is a test'], 0.223606797749979],
    [['test'], ['a test'], 0.3678794411714425],
    [['a test'], ['a test'], 1],
    [['a little test'], ['a test'], 0.03218297948685433],
  ];
  it.each(rawCases)('raw_corpus_bleu of %j against %j', (hypothesis, reference, score) => {
    expectWithin(1e-8, raw(0.01).corpusScore(hypothesis, [reference]).score / 100, score);
  });

  const corpusCases: [hypotheses: string[], options: BleuOptions, score: number][] = [
    [hypotheses, {}, 48.530827],
    [['', '', ''], {}, 0],
    [hypotheses, { tokenize: 'none' }, 49.1919566],
    [hypotheses, { tokenize: '13a' }, 48.530827],
    [hypotheses, { tokenize: 'intl' }, 43.91623493],
    [hypotheses, { smoothMethod: 'none' }, 48.530827],
  ];
  it.each(corpusCases)('corpus_bleu of %j with %j', (lines, options, score) => {
    // sacreBLEU asks for 1e-8, but of numbers it gives with six or eight decimals.
    expectWithin(1e-6, new BLEU(options).corpusScore(lines, references).score, score);
  });

  it('statistics, with and without an offset', () => {
    const [hypothesis, reference] = [['am I am a character sequence'], [['I am a symbol string sequence a a']]];
    const { counts, totals } = raw(0.01).corpusScore(hypothesis, reference);
    expect({ counts, totals }).toEqual({ counts: [4, 2, 1, 0], totals: [6, 5, 4, 3] });
    expectWithin(1e-8, raw(null).corpusScore(hypothesis, reference).score / 100, 0.1555722182);
    expect(raw(0).corpusScore(hypothesis, reference).score).toBe(0);
  });

  it('compute_bleu', () => {
    const score = bleuFromStatistics(
      { counts: [9, 7, 5, 3], totals: [10, 8, 6, 4], sysLen: 11, refLen: 11 },
      { smoothMethod: 'none', smoothValue: null, effectiveOrder: false },
    ).score;
    expectWithin(1e-8, score / 100, 0.8375922397);
  });

  const none = [0, 0, 0, 0];
  const degenerate: [counts: number[], totals: number[], sysLen: number, refLen: number, offset: number][] = [
    [none, [4, 4, 2, 1], 0, 1, 0],
    [none, [10, 11, 12, 0], 14, 10, 0],
    [none, none, 0, 0, 0],
    [[6, 5, 4, 0], [6, 5, 4, 3], 6, 6, 0],
    [none, none, 0, 0, 0.1],
    [none, none, 1, 5, 0.01],
  ];
  it.each(degenerate)('degenerate statistics %j of %j give 0', (counts, totals, sysLen, refLen, smoothValue) => {
    const formula = { smoothMethod: 'floor', smoothValue, effectiveOrder: false } as const;
    expect(bleuFromStatistics({ counts, totals, sysLen, refLen }, formula).score).toBe(0);
  });

  it('max_ngram_order', () => {
    const scores = [1, 2, 3, 4, 5, 6].map((maxNgramOrder) =>
      new BLEU({ maxNgramOrder }).corpusScore(hypotheses, references).format({ scoreOnly: true }),
    );
    expect(scores).toEqual(['77.65', '60.50', '53.93', '48.53', '46.14', '43.28']);
  });
});

describe('test_sentence_bleu.py', () => {
  const reference = 'producţia de zahăr brut se exprimă în zahăr alb;';
  const hypothesis = 'Producția de zahăr primă va fi exprimată în ceea ce privește zahărul alb;';
  const cases: [options: BleuOptions, score: number][] = [
    [{ smoothMethod: 'exp' }, 8.493],
    [{ smoothMethod: 'none' }, 0],
    [{ smoothMethod: 'floor' }, 4.51688],
    [{ smoothMethod: 'floor', smoothValue: 0.1 }, 4.51688],
    [{ smoothMethod: 'floor', smoothValue: 0.5 }, 10.1],
    [{ smoothMethod: 'add-k' }, 14.882],
    [{ smoothMethod: 'add-k', smoothValue: 1 }, 14.882],
    [{ smoothMethod: 'add-k', smoothValue: 2 }, 21.389],
    [{ tokenize: 'none' }, 7.347],
    [{ tokenize: 'intl' }, 8.493],
    [{ tokenize: 'char' }, 40.8759],
    [{ tokenize: 'char', lowercase: true }, 42.0267],
  ];
  it.each(cases)('%j', (options, score) => {
    const bleu = new BLEU({ ...options, effectiveOrder: true });
    expectWithin(1e-3, bleu.sentenceScore(hypothesis, [reference]).score, score);
  });

  it('scores 0 without a match, whatever the smoothing', () => {
    for (const smoothMethod of ['exp', 'none', 'floor', 'add-k'] as const) {
      const bleu = new BLEU({ smoothMethod, effectiveOrder: true });
      expect(bleu.sentenceScore('this is a cat', ['okay thanks']).score).toBe(0);
    }
  });
});

describe('test_chrf.py', () => {
  const [riskHypothesis, riskReference] = [
    'risk assessment must be made of those who are qualified and expertise in the sector - these are the scientists .',
    'risk assessment has to be undertaken by those who are qualified and expert in that area - that is the scientists .',
  ];
  const netanyahu = 'Das Verhältnis zwischen Obama und Netanyahu ist nicht gerade freundschaftlich.';
  const wall = 'Niemand hat die Absicht, eine Mauer zu errichten';

  const smoothed: [hypotheses: string[], references: string[], score: number][] = [
    [['abcdefg'], ['hijklmnop'], 0],
    [['a'], ['b'], 0],
    [[''], ['b'], 0],
    [[''], ['reference'], 0],
    [['aa'], ['ab'], 8.3333],
    [['a', 'b'], ['a', 'c'], 8.3333],
    [['a'], ['a'], 16.6667],
    [['a b c'], ['a b c'], 50],
    [['a b c'], ['abc'], 50],
    [[` ${riskHypothesis}`], [riskReference], 63.36173],
    [[' Die    Beziehung zwischen  Obama und Netanjahu ist nicht gerade  freundlich. '], [netanyahu], 64.1302698],
    [[wall], [wall], 100],
  ];
  it.each(smoothed)('with epsilon smoothing: %j', (hypotheses, references, score) => {
    expectWithin(1e-4, new CHRF({ beta: 3, epsSmoothing: true }).corpusScore(hypotheses, [references]).score, score);
  });

  const effective: [hypotheses: string[], references: string[], score: number][] = [
    [['a'], ['a'], 100],
    [[''], ['reference'], 0],
    [['a b c'], ['a b c'], 100],
    [['a b c'], ['abc'], 100],
    [[''], ['c'], 0],
    [['a', 'b'], ['a', 'c'], 50],
    [['aa'], ['ab'], 25],
  ];
  it.each(effective)('with effective order: %j', (hypotheses, references, score) => {
    expectWithin(1e-4, new CHRF({ beta: 3 }).corpusScore(hypotheses, [references]).score, score);
  });

  it('with white space', () => {
    const chrf = new CHRF({ beta: 3, whitespace: true });
    const german = 'Die Beziehung zwischen Obama und Netanjahu ist nicht gerade freundlich.';
    expectWithin(1e-4, chrf.corpusScore([german], [[netanyahu]]).score, 67.3481606);
    expectWithin(1e-4, chrf.corpusScore([riskHypothesis], [[riskReference]]).score, 65.2414427);
  });

  const sentences: [hypothesis: string, reference: string, score: number][] = [
    [
      'Co nás nejvíc trápí, protože lékaři si vybírají, kdo bude žít a kdo zemře.',
      'Nejvíce smutní jsme z toho, že musíme rozhodovat o tom, kdo bude žít a kdo zemře.',
      39.14078509,
    ],
    [
      'Nebo prostě nemají vybavení, které by jim pomohlo, uvedli lékaři.',
      'A někdy nemáme ani potřebný materiál, abychom jim pomohli, popsali lékaři.',
      31.22557079,
    ],
    [
      'Lapali po dechu, jejich životy skončily dřív, než skutečně začaly.',
      'Lapali po dechu a pak jejich život skončil - dřív, než skutečně mohl začít, připomněli.',
      57.15704367,
    ],
  ];
  it.each(sentences)('sentence_chrf of %s', (hypothesis, reference, score) => {
    expectWithin(1e-4, new CHRF({ epsSmoothing: true }).sentenceScore(hypothesis, [reference]).score, score);
  });
});

describe('test_ter.py', () => {
  const cases: [hypothesis: string, reference: string, score: number][] = [
    ['aaaa bbbb cccc dddd', 'aaaa bbbb cccc dddd', 0],
    ['dddd eeee ffff', 'aaaa bbbb cccc', 1],
    ['', 'a', 1],
    ['a', '', 1],
    ['', '', 0],
    ['d e f g h a b c', 'a b c d e f g h', 1 / 8],
  ];
  it.each(cases)('%j against %j', (hypothesis, reference, score) => {
    expectWithin(1e-3, new TER().corpusScore([hypothesis], [[reference]]).score, 100 * score);
  });

  it('a realistic example of WMT 2019 development data', () => {
    const same = [
      'wenn Sie alle Aufgaben im aktuellen Dokument aktualisieren möchten , wählen Sie im Menü des Aufgabenbedienfelds die Option " Alle Aufgaben aktualisieren . "',
      'wählen Sie im Dialogfeld " Neu aus Vorlage " eine Vorlage aus und klicken Sie auf " Neu . "',
    ];
    const hypotheses = [
      'wählen Sie " Bild neu berechnen , " um beim Ändern der Bildgröße Pixel hinzuzufügen oder zu entfernen , damit das Bild ungefähr dieselbe Größe aufweist wie die andere Größe .',
      'klicken Sie auf der Registerkarte " Optionen " auf die Schaltfläche " Benutzerdefiniert " und geben Sie Werte für " Fehlerkorrektur-Level " und " Y / X-Verhältnis " ein .',
      'Sie können beispielsweise ein Dokument erstellen , das ein Auto über die Bühne enthält .',
    ];
    const references = [
      'wählen Sie " Bild neu berechnen , " um beim Ändern der Bildgröße Pixel hinzuzufügen oder zu entfernen , damit die Darstellung des Bildes in einer anderen Größe beibehalten wird .',
      'klicken Sie auf der Registerkarte " Optionen " auf die Schaltfläche " Benutzerdefiniert " und geben Sie für " Fehlerkorrektur-Level " und " Y / X-Verhältnis " niedrigere Werte ein .',
      'Sie können beispielsweise ein Dokument erstellen , das ein Auto enthalt , das sich über die Bühne bewegt .',
    ];
    expectWithin(1e-3, new TER().corpusScore([...hypotheses, ...same], [[...references, ...same]]).score, 13.6);
  });
});

describe('test_tokenizer_ter.py', () => {
  const plain = { normalized: false, noPunct: false, asianSupport: false, caseSensitive: false };
  const [noPunct, normalized] = [
    { ...plain, noPunct: true },
    { ...plain, normalized: true },
  ];
  const asian = { ...normalized, asianSupport: true };
  const cases = [
    ['a b c d', 'a b c d', plain],
    ['', '', plain],
    ['a b c d.', 'a b c d.', plain],
    ['A B C D.', 'a b c d.', plain],
    ['a b c d.', 'a b c d', noPunct],
    ['A ; B ) C : D.', 'a b c d', noPunct],
    ['a b (c) d.', 'a b ( c ) d .', normalized],
    ["Jim's car.", "jim 's car .", normalized],
    ['4.2', '4.2', normalized],
    ['美众院公布对特', '美 众 院 公 布 对 特', asian],
    ['りの拳銃を持', 'りの 拳 銃 を 持', asian],
  ] as const;
  it.each(cases)('%s', (line, words, options) => {
    expect(splitWordsTercom(line, options).join(' ')).toBe(words);
  });
});
