/** Character encodings by the names that files give them. */
import { TextDecoder } from 'node:util';
import { DataError } from '../../errors.ts';

/** Stands in decoded text for bytes that are no character. */
export const REPLACEMENT_CHARACTER = '\ufffd';

/**
 * Opens a decoder that puts U+FFFD for what is no character. A byte order mark is taken off the start of a whole file; at the
 * start of a text it is a character (`keepsMark`).
 * @throws {DataError} when no encoding of this name is known
 */
export function openDecoder(label: string, file: string, keepsMark = false): TextDecoder {
  try {
    return new TextDecoder(label, { ignoreBOM: keepsMark });
  } catch (cause) {
    throw new DataError(`${file} says that it is in ${JSON.stringify(label)}, an encoding that is not known.`, {
      hint: 'Convert it to UTF-8 with iconv, and change the name in its header.',
      cause,
    });
  }
}

/** Whether a name stands for UTF-8, or for ASCII, which is part of it. */
export function isUtf8Label(label: string): boolean {
  return /^(utf-?8|us-ascii|ascii)$/i.test(label);
}

/** The characters of a text in a string of its own: a slice would keep the whole chunk it was cut from. */
export function detached(text: string): string {
  return Buffer.from(text).toString();
}
