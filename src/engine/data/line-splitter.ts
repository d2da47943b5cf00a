/**
 * Bytes to lines, as they arrive. A line ends at \n, \r\n or a lone \r, as in Python's text files, and nowhere else
 * (U+2028 is text). Think of it as a fold: `push` gives the lines a chunk completes, `end` the last one.
 */
import { isUtf8 } from 'node:buffer';
import type { TextDecoder } from 'node:util';
import { REPLACEMENT_CHARACTER } from './encoding.ts';

export type Line = { readonly number: number; readonly text: string } | UnreadableLine;

/** A line that is no text, and why. It is counted, so that the lines of two files still meet. */
export interface UnreadableLine {
  readonly number: number;
  readonly text: null;
  /** `not-utf8` also where a file is in another encoding, and not in that either. */
  readonly reason: 'not-utf8' | 'malformed';
  readonly detail: string;
}

/** Longer lines are no sentences; dropping them keeps a file without line ends from filling the memory. */
export const MAX_LINE_BYTES = 1 << 20;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export class LineSplitter {
  readonly #decoder: TextDecoder | null;
  #lines = 0;
  /** The line begun in earlier chunks, and its bytes, those not kept included. */
  #parts: Buffer[] = [];
  #bytes = 0;
  #endedInCarriageReturn = false;

  /** `decoder` is of an encoding that ASCII is part of; UTF-8 when not given. */
  constructor(decoder: TextDecoder | null = null) {
    this.#decoder = decoder;
  }

  /** The lines that end in this chunk. */
  push(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let place = 0; place < chunk.length; place++) {
      const byte = chunk[place];
      if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) continue;
      const isSecondOfPair =
        byte === LINE_FEED && (place === 0 ? this.#endedInCarriageReturn : chunk[place - 1] === CARRIAGE_RETURN);
      if (!isSecondOfPair) lines.push(this.#complete(chunk.subarray(start, place)));
      start = place + 1;
    }
    if (chunk.length > 0) this.#endedInCarriageReturn = chunk.at(-1) === CARRIAGE_RETURN;
    this.#keep(chunk.subarray(start));
    return lines;
  }

  /** The last line, where the file does not end in a line end. */
  end(): Line[] {
    return this.#bytes === 0 ? [] : [this.#complete(Buffer.alloc(0))];
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > MAX_LINE_BYTES) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  #complete(last: Buffer): Line {
    this.#keep(last);
    const size = this.#bytes;
    const bytes = this.#parts.length === 1 ? (this.#parts[0] ?? last) : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    this.#lines += 1;
    const number = this.#lines;
    if (size > MAX_LINE_BYTES) {
      const detail = `${size} bytes long; at most ${MAX_LINE_BYTES} are read`;
      return { number, text: null, reason: 'malformed', detail };
    }
    const text = this.#decoder?.decode(bytes) ?? bytes.toString('utf8');
    const isSound = this.#decoder === null ? isUtf8(bytes) : !text.includes(REPLACEMENT_CHARACTER);
    if (isSound) return { number, text };
    return { number, text: null, reason: 'not-utf8', detail: `reads as ${JSON.stringify(text.slice(0, 60))}` };
  }
}
