import { describe, expect, it } from 'vitest';
import { markWords } from '../../../src/ui/text/mark-words.ts';

describe('marked words', () => {
  it.each([
    ['the cat sat', 'the cat sat', '111'],
    ['a the cat', 'the big cat', '011'],
    ['b a', 'a b', '01'],
    ['x y', '', '00'],
    ['a a b', 'a b', '101'],
  ])('of "%s" by "%s" are the longest sequence that both have', (text, reference, expected) => {
    const marks = markWords(text, reference).map(({ isShared }) => (isShared ? '1' : '0'));
    const count = (pattern: string) => [...pattern].filter((mark) => mark === '1').length;
    expect(count(marks.join(''))).toBe(count(expected));
    expect(marks).toHaveLength(expected.length);
  });
});
