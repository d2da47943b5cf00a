import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/ui/keys.ts';
import { aroundCursor, editText, insertText, textFieldOf } from '../../../src/ui/state/text-field.ts';

describe('a text field', () => {
  it.each<[string, number, Command, string, number]>([
    ['abc', 3, 'cursor-left', 'abc', 2],
    ['abc', 0, 'cursor-left', 'abc', 0],
    ['abc', 3, 'cursor-right', 'abc', 3],
    ['abc', 2, 'cursor-home', 'abc', 0],
    ['abc', 0, 'cursor-end', 'abc', 3],
    ['abc', 2, 'delete-back', 'ac', 1],
    ['abc', 0, 'delete-back', 'abc', 0],
    ['abc', 1, 'delete-forward', 'ac', 1],
    ['abc', 3, 'delete-forward', 'abc', 3],
    ['one two  ', 9, 'delete-word', 'one ', 4],
    ['one two', 5, 'delete-word', 'one wo', 4],
    ['one two', 3, 'delete-line', ' two', 0],
    ['é🐦x', 2, 'delete-back', 'éx', 1],
    ['👨‍👩‍👧!', 1, 'delete-back', '!', 0],
  ])('"%s" with the cursor at %i after %s is "%s" at %i', (text, cursor, command, newText, newCursor) => {
    expect(editText({ text, cursor }, command)).toEqual({ text: newText, cursor: newCursor });
  });

  it('inserts at the cursor, as one line and without control characters', () => {
    expect(insertText({ text: 'ad', cursor: 1 }, 'b\r\nc\u001b[A\u0000')).toEqual({ text: 'ab c[Ad', cursor: 6 });
  });

  it('deletes a word in a pasted text of one very long one', () => {
    const start = process.cpuUsage();
    expect(editText(textFieldOf(`${'a'.repeat(200_000)} x`), 'delete-word').cursor).toBe(200_001);
    // Tried from each character on, it would take two minutes.
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5);
  });

  it('begins with the cursor at the end, on a space', () => {
    expect(textFieldOf('été')).toEqual({ text: 'été', cursor: 3 });
    expect(aroundCursor({ text: 'été', cursor: 3 })).toEqual({ before: 'été', at: ' ', after: '' });
    expect(aroundCursor({ text: 'été', cursor: 1 })).toEqual({ before: 'é', at: 't', after: 'é' });
  });
});
