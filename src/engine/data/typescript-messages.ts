/**
 * The messages in the text of `typescript/lib/typescript.js`, a line of which reads
 * `Identifier_expected: diag(1003, 1, "Identifier_expected_1003", "Identifier expected."),` with a comment after the second number.
 * The package may come with a folder that was downloaded: its code is read, not run.
 */

export interface CompilerMessage {
  readonly code: number;
  /** By which translations are found. */
  readonly key: string;
  readonly message: string;
}

/** A text in one of the three quotation marks, with what is escaped by a backslash; no message is near as long. */
const TEXT = ['"', "'", '`'].map((mark) => `${mark}(?:[^${mark}\\\\\\n]|\\\\.){0,5000}${mark}`).join('|');
const MESSAGE = new RegExp(`\\bdiag\\(\\s*(\\d+(?:e\\d)?),\\s*\\d /\\* \\w+ \\*/,\\s*(${TEXT}),\\s*(${TEXT})`, 'g');

/** Gives the messages in the order of the text; none where it is another. */
export function parseTypescriptMessages(code: string): CompilerMessage[] {
  return Array.from(code.matchAll(MESSAGE), ([, number, key = '', message = '']) => ({
    code: Number(number),
    key: unquoted(key),
    message: unquoted(message),
  }));
}

const CONTROLS: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, hex: string | undefined, character: string) => {
    return hex === undefined ? (CONTROLS.get(character) ?? character) : String.fromCharCode(Number.parseInt(hex, 16));
  });
}
