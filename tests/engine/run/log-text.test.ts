import { expect, it } from 'vitest';
import { LogText } from '../../../src/engine/run/log-text.ts';

it('writes what a terminal would obey or hide as its number, and leaves the rest', () => {
  const text = 'a\tb\u001b[2J\u009b31m\u202ec\u200b\u2028\r\nété 日本 😀\n';
  expect(new LogText().of(Buffer.from(text))).toBe(
    'a\tb\\u{1b}[2J\\u{9b}31m\\u{202e}c\\u{200b}\\u{2028}\\u{d}\nété 日本 😀\n',
  );
});

it('puts together a character that comes in two pieces', () => {
  const bytes = Buffer.from('日\u202e');
  const log = new LogText();
  expect(Array.from(bytes, (byte) => log.of(Buffer.of(byte))).join('')).toBe('日\\u{202e}');
});
