/** The small steps around SentencePiece; expectations are what Python gives for the same calls. */
import { describe, expect, it } from 'vitest';
import { AddedTokens } from '../../../src/engine/text/added-tokens.ts';
import { cleanUpSpaces } from '../../../src/engine/text/clean-up-spaces.ts';
import { splitLanguageCode } from '../../../src/engine/text/language-code.ts';
import { stripBoth, stripEnd, stripStart } from '../../../src/engine/text/python-strip.ts';

describe('splitLanguageCode', () => {
  it.each([
    ['>>fr<< Hello', '>>fr<<', ' Hello'],
    ['Hello', null, 'Hello'],
    ['Hello >>fr<< you', null, 'Hello  you'],
    ['>>fr<< a >>de<< b', '>>fr<< a >>de<<', ' b'],
    ['>><< x', null, '>><< x'],
    ['>>>><< x', '>>>><<', ' x'],
    ['>>a<<<< x', '>>a<<<<', ' x'],
    ['a\n>>fr<< b\nc >>de<< d', null, 'a\n b\nc  d'],
    ['>>a\n<< b', null, '>>a\n<< b'],
    ['>>a\u2028b<< c', '>>a\u2028b<<', ' c'],
    ['<< >>', null, '<< >>'],
  ])('takes %j apart as the pattern >>.+<< does', (text, code, rest) => {
    expect(splitLanguageCode(text)).toEqual({ code, text: rest });
  });

  it('takes time in proportion to the length of the text', () => {
    const text = `<<${'>'.repeat(2_000_000)}`;
    expect(splitLanguageCode(text).text).toBe(text);
  });
});

describe('AddedTokens', () => {
  const token = (content: string, id: number, strips: 'left' | 'right' | 'none' = 'none') => ({
    content,
    id,
    isSpecial: false,
    stripsLeft: strips === 'left',
    stripsRight: strips === 'right',
  });
  const tokens = new AddedTokens([
    token('</s>', 0),
    token('a.b', 1),
    token('a.bc', 2),
    token('L', 3, 'left'),
    token('R', 4, 'right'),
  ]);
  const split = (text: string): (string | number)[] =>
    tokens.split(text).map((part) => (typeof part === 'string' ? part : part.id));

  it.each([
    ['', []],
    ['plain', ['plain']],
    ['x</s>y', ['x', 0, 'y']],
    ['</s></s> ', [0, 0, ' ']],
    ['a.bcd axb a.b', [2, 'd axb ', 1]],
    [' L L ', [3, 3, ' ']],
    ['R \u00a0x R', [4, 'x ', 4]],
    ['R \ufeff', [4, '\ufeff']],
  ])('cuts %j into tokens and text', (text, parts) => {
    expect(split(text)).toEqual(parts);
  });

  it('cuts whole characters only, whatever they are made of', () => {
    const odd = new AddedTokens([token('🐦', 7), token('é', 8)]);
    expect(odd.split('中🐦𐍈é🐥').map((part) => (typeof part === 'string' ? part : part.id))).toEqual([
      '中',
      7,
      '𐍈',
      8,
      '🐥',
    ]);
    expect(odd.split('\ud83d\udc26\udc26')).toHaveLength(2);
  });

  it('are looked for once at each place, however many begin alike', () => {
    const many = new AddedTokens(Array.from({ length: 1_000 }, (_, length) => token(`${'a'.repeat(length)}x`, length)));
    const text = 'a'.repeat(300_000);
    const start = process.cpuUsage();
    expect(many.split(text)).toEqual([text]);
    // Each compared by itself would take twenty seconds.
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(8);
  });

  it('leaves a text alone when there are none', () => {
    expect(new AddedTokens([]).split('a')).toEqual(['a']);
  });
});

describe('stripping', () => {
  it('takes exactly what Python counts as white space', () => {
    // [c for c in map(chr, range(0x110000)) if not c.strip()] in Python 3.11
    const spaces =
      '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';
    const stripped = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter(
      (character) => stripBoth(character) === '',
    );
    expect(stripped.join('')).toBe(spaces);
    expect([stripStart(' a '), stripEnd(' a '), stripBoth(' a b\x1f')]).toEqual(['a ', ' a', 'a b']);
  });
});

describe('cleanUpSpaces', () => {
  it('closes the gaps before punctuation and English contractions', () => {
    const text = "Yes , I do n't . We 've , they 're ! it 's ? I 'm ' here ' x .";
    expect(cleanUpSpaces(text)).toBe("Yes, I don't. We've, they're! it's? I'm'here'x.");
  });
});
