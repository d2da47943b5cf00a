import { describe, expect, it } from 'vitest';
import { type RunDetail, readRunDetail } from '../../../src/ui/state/run-detail.ts';
import { ALL_SENTENCES, sentenceScores, sentencesOf } from '../../../src/ui/state/run-sentences.ts';
import { textFieldOf } from '../../../src/ui/state/text-field.ts';
import { type FixtureRun, fixtureRun, fixtureServices } from '../support/fixture-services.ts';

function detailOf(run: FixtureRun): RunDetail {
  const detail = readRunDetail(fixtureServices([run]), run.record.id, null, true);
  if (detail === null) throw new Error('not found');
  return detail;
}

describe('sentencesOf', () => {
  it('gives the validation sentences once they are translated by the tuned model', () => {
    const sentences = sentencesOf(detailOf(fixtureRun('a')));
    expect(sentences).toHaveLength(5);
    expect(sentences[0]?.hypotheses.map(({ label }) => label)).toEqual(['before', 'after']);
  });

  it('gives the newest samples first until then, beside what the untouched model made of them', () => {
    const sentences = sentencesOf(detailOf(fixtureRun('a', { state: 'running', step: 100, after: null })));
    expect(sentences.map(({ hypotheses }) => hypotheses.map(({ label, text }) => `${label}: ${text}`))).toEqual([
      ['before: A attendu un argument.', 'step 100: Argument attendu.'],
      ['before: Le genre est pas supporté.', "step 90: Le type n'est pas pris en charge."],
      ['before: Ne pas ouvrir la file.', "step 80: Impossible d'ouvrir le fichier."],
    ]);
  });

  it('gives those that hold every word of the filter, in source, reference or translations', () => {
    const detail = detailOf(fixtureRun('a'));
    const found = (text: string) =>
      sentencesOf(detail, { ...ALL_SENTENCES, filter: textFieldOf(text) }).map(({ index }) => index);
    expect(found('FICHIER')).toEqual([0, 4]);
    expect(found('file pas')).toEqual([0]);
    expect(found('nothing like it')).toEqual([]);
  });

  it('sorts by what changed in sentence BLEU, sentences without a change last in either order', () => {
    const run = fixtureRun('a');
    run.translations = [
      { index: 0, source: 's', reference: 'a b c d', before: 'a b c d', after: 'x' },
      { index: 1, source: 's', reference: 'a b c d', before: null, after: 'a b c d' },
      { index: 2, source: 's', reference: 'a b c d', before: 'x', after: 'a b c d' },
    ];
    const detail = detailOf(run);
    const order = (isReversed: boolean) => sentencesOf(detail, { ...ALL_SENTENCES, isByDifference: true, isReversed });
    expect(order(false).map(({ index }) => index)).toEqual([2, 0, 1]);
    expect(order(true).map(({ index }) => index)).toEqual([0, 2, 1]);
    expect(order(false).map((row) => sentenceScores(row).difference?.toFixed(6) ?? null)).toEqual([
      '100.000000',
      '-100.000000',
      null,
    ]);
    expect(sentencesOf(detail, { ...ALL_SENTENCES, isReversed: true }).map(({ index }) => index)).toEqual([2, 1, 0]);
  });
});
