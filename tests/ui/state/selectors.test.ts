import { describe, expect, it } from 'vitest';
import { compareSettings } from '../../../src/ui/state/config-difference.ts';
import { type RunDetail, readRunDetail } from '../../../src/ui/state/run-detail.ts';
import { eventRows, helpRows, sentencesOf } from '../../../src/ui/state/selectors.ts';
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
});

describe('eventRows', () => {
  it('breaks the words of an event into lines, time and type on the first', () => {
    const events = [{ seq: 1, time: 5, type: 'warning', text: 'one two three\u0007' }];
    expect(eventRows(events, 40)).toEqual([
      { time: 5, type: 'warning', text: 'one two' },
      { time: null, type: 'warning', text: 'three␇' },
    ]);
  });
});

describe('compareSettings', () => {
  it('puts settings side by side and tells which differ, names aside', () => {
    const rows = compareSettings([
      { name: 'a', 'training.seed': '1', 'training.dropout': '' },
      { name: 'b', 'training.seed': '1', 'training.dropout': '0.1', 'data.corpus.path': 'x' },
    ]);
    expect(rows).toEqual([
      { path: 'name', values: ['a', 'b'], isDifferent: false },
      { path: 'training.seed', values: ['1', '1'], isDifferent: false },
      { path: 'training.dropout', values: ['', '0.1'], isDifferent: true },
      { path: 'data.corpus.path', values: [null, 'x'], isDifferent: true },
    ]);
  });
});

describe('helpRows', () => {
  it('begins with what was asked about and names every section once', () => {
    const titles = helpRows('form').flatMap((row) => (row.type === 'section' ? [row.title] : []));
    expect(titles[0]).toBe('New run: the form');
    expect(new Set(titles).size).toBe(titles.length);
    expect(titles.at(-1)).toBe('Everywhere');
  });
});
