import { describe, expect, it } from 'vitest';
import {
  padEnd,
  padStart,
  truncate,
  truncateMiddle,
  truncateStart,
  visibleText,
  widthOf,
  wrapText,
} from '../../../src/ui/text/fit-text.ts';

describe('visibleText', () => {
  it.each([
    ['plain é 日本', 'plain é 日本'],
    ['\u001b[31mred\u001b[0m', '␛[31mred␛[0m'],
    ['\u001b]8;;http://x\u0007link', '␛]8;;http://x␇link'],
    ['a\tb\r\nc', 'a b␍␊c'],
    ['\u007f\u009b2J', '␡⟨009B⟩2J'],
    ['abc\u202edef\u2066', 'abc⟨202E⟩def⟨2066⟩'],
    ['👨‍👩‍👧', '👨‍👩‍👧'],
  ])('%j becomes %j', (text, expected) => {
    expect(visibleText(text)).toBe(expected);
  });
});

describe('truncate', () => {
  it.each([
    ['short', 10, 'short'],
    ['exactly10!', 10, 'exactly10!'],
    ['one too long', 11, 'one too lo…'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['👨‍👩‍👧👨‍👩‍👧', 3, '👨‍👩‍👧…'],
    ['éé', 1, '…'],
    ['abc', 0, ''],
  ])('%j in %i cells is %j', (text, width, expected) => {
    expect(truncate(text, width)).toBe(expected);
    expect(widthOf(truncate(text, width))).toBeLessThanOrEqual(width);
  });

  it('takes another ellipsis, and part of it when there is no more room', () => {
    expect(truncate('abcdef', 4, '..')).toBe('ab..');
    expect(truncate('abcdef', 1, '..')).toBe('.');
  });

  it('can keep the end instead', () => {
    expect(truncateStart('abcdef', 4)).toBe('…def');
    expect(truncateStart('日本語', 4)).toBe('…語');
    expect(truncateStart('abc', 3)).toBe('abc');
    expect(truncateStart('abc', 0)).toBe('');
  });

  it.each([
    ['opus-mt-lr-0.1', 9, 'opus…-0.1'],
    ['opus-mt-lr-0.1', 14, 'opus-mt-lr-0.1'],
    ['日本語日本語', 8, '日本…語'],
    ['abcdef', 3, 'a…f'],
    ['abcdef', 2, 'a…'],
    ['abcdef', 0, ''],
  ])('can keep both ends: %j in %i cells is %j', (text, width, expected) => {
    expect(truncateMiddle(text, width)).toBe(expected);
    expect(widthOf(truncateMiddle(text, width))).toBeLessThanOrEqual(width);
  });
});

describe('padding', () => {
  it('fills to cells, not characters', () => {
    expect(padEnd('日本', 6)).toBe('日本  ');
    expect(padStart('日本', 6)).toBe('  日本');
    expect(padEnd('日本語', 4)).toBe('日… ');
  });
});

describe('wrapText', () => {
  it.each([
    ['', 10, ['']],
    ['one two three', 7, ['one two', 'three']],
    ['one two three', 100, ['one two three']],
    ['unbreakable', 4, ['unbr', 'eaka', 'ble']],
    ['a unbreakable', 4, ['a', 'unbr', 'eaka', 'ble']],
    ['日本語日本語', 5, ['日本', '語日', '本語']],
    ['x', 0, ['']],
  ])('%j in %i cells', (text, width, lines) => {
    expect(wrapText(text, width)).toEqual(lines);
  });

  it('takes no longer for one long word than for as many short ones', () => {
    const start = process.cpuUsage();
    expect(wrapText('ä'.repeat(160_000), 80)).toEqual(Array.from({ length: 2_000 }, () => 'ä'.repeat(80)));
    // Where what is left of the word is measured anew for each line, 40 s.
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(10);
  });

  it('makes progress even when one character is wider than the line', () => {
    expect(wrapText('日本', 1)).toEqual(['日', '本']);
  });
});
