import { describe, expect, it } from 'vitest';
import { compareSettings } from '../../../src/ui/state/config-difference.ts';
import { failureText } from '../../../src/ui/state/messages.ts';
import { eventRows, HELP_KEYS_WIDTH, helpRows } from '../../../src/ui/state/selectors.ts';

describe('eventRows', () => {
  it('breaks the words of an event into lines, time and type on the first', () => {
    const events = [{ seq: 1, time: 5, type: 'warning', text: 'one two three\u0007' }];
    expect(eventRows(events, 40)).toEqual([
      { time: 5, type: 'warning', text: 'one two' },
      { time: null, type: 'warning', text: 'three␇' },
    ]);
  });

  it('tells the folder of the checkpoints once', () => {
    const events = [
      { seq: 1, time: 5, type: 'warning', text: 'none in /data' },
      { seq: 2, time: 6, type: 'checkpoint', text: 'saved /data/my runs/checkpoint-10' },
      { seq: 3, time: 7, type: 'checkpoint', text: 'saved /data/my runs/checkpoint-20' },
    ];
    expect(eventRows(events, 80).map(({ text }) => text)).toEqual([
      'Checkpoints are in /data/my runs',
      'none in /data',
      'saved checkpoint-10',
      'saved checkpoint-20',
    ]);
  });

  it('looks for it in a text of many slashes once', () => {
    const start = process.cpuUsage();
    expect(
      eventRows([{ seq: 1, time: 5, type: 'warning', text: `${'/ '.repeat(100_000)}` }], 80).length,
    ).toBeGreaterThan(1);
    // Tried from each slash on, it would take more than ten seconds.
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(4);
  });
});

describe('failureText', () => {
  it('is one line', () => {
    expect(failureText({ message: 'a \n\n  b\nc', hint: 'Do d.' })).toBe('a b c Do d.');
  });

  it('is found in one look, however many spaces there are', () => {
    const start = process.cpuUsage();
    expect(failureText({ message: `a${' '.repeat(200_000)}b`, hint: null })).toHaveLength(200_002);
    // Tried from each space on, it would take more than half a minute.
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(4);
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
    const titles = helpRows('form', 80).flatMap((row) => (row.type === 'section' ? [row.title] : []));
    expect(titles[0]).toBe('New run: the form');
    expect(new Set(titles).size).toBe(titles.length);
    expect(titles.at(-1)).toBe('Everywhere');
  });

  it('loses no word in a narrow window', () => {
    const words = (columns: number) =>
      helpRows('live', columns)
        .flatMap((row) =>
          row.type === 'key' ? row.description.split(' ') : row.type === 'text' ? row.text.split(' ') : [],
        )
        .filter((word) => word !== '');
    const narrow = helpRows('live', 50);
    expect(words(50)).toEqual(words(200));
    expect(narrow.length).toBeGreaterThan(helpRows('live', 200).length);
    for (const row of narrow) {
      if (row.type === 'key') expect(2 + HELP_KEYS_WIDTH + row.description.length).toBeLessThan(50);
    }
  });
});
