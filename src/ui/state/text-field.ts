/** One line of text being edited: the text and a cursor, in whole characters, so that é and 🐦 are one step each. */
import type { Command } from '../keys.ts';

export interface TextField {
  readonly text: string;
  /** Characters before the cursor. */
  readonly cursor: number;
}

/** A field with its cursor at the end. */
export function textFieldOf(text: string): TextField {
  return { text, cursor: characters(text).length };
}

/** The field with text typed or pasted at the cursor; line breaks and tabs become spaces, other controls are dropped. */
export function insertText(field: TextField, text: string): TextField {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out.
  const typed = text.replace(/[\r\n\t]+/g, ' ').replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
  const parts = characters(field.text);
  const before = parts.slice(0, field.cursor).join('');
  return {
    text: before + typed + parts.slice(field.cursor).join(''),
    cursor: characters(before + typed).length,
  };
}

/** The field after an editing command; the field itself for any other command. */
export function editText(field: TextField, command: Command): TextField {
  const parts = characters(field.text);
  const { cursor } = field;
  const without = (from: number, to: number): TextField => ({
    text: [...parts.slice(0, from), ...parts.slice(to)].join(''),
    cursor: from,
  });
  switch (command) {
    case 'cursor-left':
      return { ...field, cursor: Math.max(0, cursor - 1) };
    case 'cursor-right':
      return { ...field, cursor: Math.min(parts.length, cursor + 1) };
    case 'cursor-home':
      return { ...field, cursor: 0 };
    case 'cursor-end':
      return { ...field, cursor: parts.length };
    case 'delete-back':
      return without(Math.max(0, cursor - 1), cursor);
    case 'delete-forward':
      return without(cursor, cursor + 1);
    case 'delete-word': {
      const isSpace = (at: number) => /^\s/u.test(parts[at] ?? '');
      let from = cursor;
      while (from > 0 && isSpace(from - 1)) from--;
      while (from > 0 && !isSpace(from - 1)) from--;
      return without(from, cursor);
    }
    case 'delete-line':
      return without(0, cursor);
    default:
      return field;
  }
}

/** The text before, at and after the cursor; at the end of the text the cursor stands on a space. */
export function aroundCursor(field: TextField): { before: string; at: string; after: string } {
  const parts = characters(field.text);
  return {
    before: parts.slice(0, field.cursor).join(''),
    at: parts[field.cursor] ?? ' ',
    after: parts.slice(field.cursor + 1).join(''),
  };
}

function characters(text: string): string[] {
  return Array.from(new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text), ({ segment }) => segment);
}
