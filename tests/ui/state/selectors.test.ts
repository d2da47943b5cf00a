import { describe, expect, it } from 'vitest';
import { compareSettings } from '../../../src/ui/state/config-difference.ts';
import { eventRows, helpRows } from '../../../src/ui/state/selectors.ts';

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
