/** What a process writes, on its way into a log that people read in a terminal. */
import { StringDecoder } from 'node:string_decoder';

/** Control codes but line ends and tabs, marks of direction, what takes no room, what stands for no character. */
const UNSEEN = /[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/gu;

export class LogText {
  readonly #decoder = new StringDecoder('utf8');

  /** Gives the text of the next bytes; what a terminal would obey or hide stands there as its number, such as `\u{1b}`. */
  of(chunk: Buffer): string {
    return this.#decoder
      .write(chunk)
      .replace(UNSEEN, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`);
  }
}
