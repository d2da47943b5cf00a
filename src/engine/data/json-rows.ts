/**
 * The elements of a JSON array, as they arrive: the whole of the document, or of one field of an object,
 * `{"version": "1", "data": [...]}`. Nothing but the element at hand is held. Think of it as LineSplitter for files that have
 * no lines; what an element is, only JSON.parse decides.
 */
import { isUtf8 } from 'node:buffer';
import { DataError } from '../../errors.ts';
import { type Line, MAX_LINE_BYTES } from './line-splitter.ts';
import { fileSource, openText, readingError } from './read-bytes.ts';
import { quoted } from './row-pairs.ts';

/**
 * Reads the elements of an array with the lines they begin in.
 *
 * @param field  of the outermost object, whose value is the array; null where the document is the array
 * @throws {DataError} when the file cannot be read, or its structure is not that
 */
export async function* readJsonRows(
  path: string,
  field: string | null,
  note: (text: string) => void,
): AsyncGenerator<Line, void, undefined> {
  const splitter = new JsonRowSplitter(path, field);
  try {
    for await (const bytes of openText(fileSource(path), note)) yield* splitter.push(bytes);
    splitter.end();
  } catch (error) {
    throw readingError(path, splitter.line, error);
  }
}

/** Whether a file begins as a JSON array does. @throws {DataError} when it cannot be read */
export async function startsAsArray(path: string): Promise<boolean> {
  try {
    for await (const chunk of fileSource(path).open()) {
      const first = /[^\s\ufeff]/.exec(chunk.toString('utf8'))?.[0];
      if (first !== undefined) return first === '[';
    }
    return false;
  } catch (error) {
    throw readingError(path, 0, error);
  }
}

/** What may come next, white space aside. */
type State = 'start' | 'row' | 'afterRow' | 'key' | 'colon' | 'value' | 'afterValue' | 'end';

const [QUOTE, BACKSLASH, COMMA, COLON] = Buffer.from('"\\,:');
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('[]{}');
const [SPACE, TAB, LINE_FEED, CARRIAGE_RETURN] = Buffer.from(' \t\n\r');
const MAX_NAMES_SHOWN = 20;

class JsonRowSplitter {
  readonly #name: string;
  readonly #field: string | null;
  #state: State = 'start';
  /** Whether what is open has nothing in it yet, so that it may end. */
  #isEmpty = true;
  #fieldsFound: string[] = [];
  #hasRows = false;
  line = 1;
  #bytesBefore = 0;

  /** The value that has begun: how deep in it we are, and its bytes, where they are wanted. */
  #isInValue = false;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #valueLine = 0;
  #parts: Buffer[] = [];
  #valueBytes = 0;

  constructor(name: string, field: string | null) {
    this.#name = name;
    this.#field = field;
  }

  /** The elements that end in this chunk. */
  push(chunk: Buffer): Line[] {
    const rows: Line[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (this.#isInValue) at = this.#goOn(chunk, at, rows);
      else {
        const byte = chunk[at];
        if (byte === LINE_FEED) this.line += 1;
        if (byte === SPACE || byte === TAB || byte === LINE_FEED || byte === CARRIAGE_RETURN || !this.#step(byte, at)) {
          at += 1;
        }
      }
    }
    this.#bytesBefore += chunk.length;
    return rows;
  }

  /** @throws {DataError} when the document is not whole, or has no such field */
  end(): void {
    if (this.#state !== 'end') throw this.#error('the file ends in the middle', 0);
    if (this.#hasRows) return;
    const found = quoted(this.#fieldsFound) || 'none';
    throw new DataError(`${this.#name} has no field ${JSON.stringify(this.#field)}; it has ${found}.`, {
      hint: 'Set data.corpus.field to the field that holds the rows.',
    });
  }

  /** Takes one byte between values; true where it begins a value, and is still to be read. */
  #step(byte: number | undefined, at: number): boolean {
    const isEmpty = this.#isEmpty;
    this.#isEmpty = false;
    switch (this.#state) {
      case 'start':
        this.#isEmpty = true;
        this.#begin(byte, at);
        return false;
      case 'row':
        if (byte !== CLOSE_ARRAY) return this.#beginValue(byte, at);
        if (!isEmpty) throw this.#error('a comma before ]', at);
        this.#state = this.#field === null ? 'end' : 'afterValue';
        return false;
      case 'afterRow':
        if (byte === COMMA) this.#state = 'row';
        else if (byte === CLOSE_ARRAY) this.#state = this.#field === null ? 'end' : 'afterValue';
        else throw this.#error('expected , or ] after an element', at);
        return false;
      case 'key':
        if (byte === QUOTE) return this.#beginValue(byte, at);
        if (byte !== CLOSE_OBJECT || !isEmpty) throw this.#error('expected the name of a field', at);
        this.#state = 'end';
        return false;
      case 'colon':
        if (byte !== COLON) throw this.#error('expected : after the name of a field', at);
        this.#state = 'value';
        return false;
      case 'value':
        if (this.#fieldsFound.at(-1) !== this.#field) return this.#beginValue(byte, at);
        if (byte !== OPEN_ARRAY) throw this.#error(`the field ${JSON.stringify(this.#field)} is no array`, at);
        this.#state = 'row';
        this.#isEmpty = true;
        this.#hasRows = true;
        return false;
      case 'afterValue':
        if (byte === COMMA) this.#state = 'key';
        else if (byte === CLOSE_OBJECT) this.#state = 'end';
        else throw this.#error('expected , or } after a field', at);
        return false;
      case 'end':
        throw this.#error('something follows the end of the document', at);
    }
    return this.#state satisfies never;
  }

  #begin(byte: number | undefined, at: number): void {
    if (byte !== (this.#field === null ? OPEN_ARRAY : OPEN_OBJECT)) {
      const expected = this.#field === null ? 'an array' : `an object with the field ${JSON.stringify(this.#field)}`;
      throw this.#error(`the document is not ${expected}`, at);
    }
    this.#hasRows = this.#field === null;
    this.#state = this.#field === null ? 'row' : 'key';
  }

  #beginValue(byte: number | undefined, at: number): true {
    if (byte === COMMA || byte === COLON || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      throw this.#error('expected a value', at);
    }
    this.#isInValue = true;
    this.#depth = 0;
    this.#valueLine = this.line;
    return true;
  }

  /** Reads a value on from `at`. @returns the first byte after it, or the chunk's end */
  #goOn(chunk: Buffer, at: number, rows: Line[]): number {
    let place = at;
    for (; place < chunk.length; place++) {
      const byte = chunk[place];
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) {
          this.#isInString = false;
          if (this.#depth === 0) return this.#endValue(chunk, at, place + 1, rows);
        }
        continue;
      }
      if (byte === QUOTE) this.#isInString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#depth += 1;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        // A bare number or word ends before what closes the array around it.
        if (this.#depth === 0) return this.#endValue(chunk, at, place, rows);
        this.#depth -= 1;
        if (this.#depth === 0) return this.#endValue(chunk, at, place + 1, rows);
      } else if (byte === COMMA && this.#depth === 0) return this.#endValue(chunk, at, place, rows);
      else if (byte === LINE_FEED) this.line += 1;
    }
    this.#keep(chunk.subarray(at));
    return place;
  }

  #keep(part: Buffer): void {
    this.#valueBytes += part.length;
    if (this.#valueBytes > MAX_LINE_BYTES || this.#state === 'value') this.#parts = [];
    else this.#parts.push(part);
  }

  #endValue(chunk: Buffer, start: number, end: number, rows: Line[]): number {
    this.#keep(chunk.subarray(start, end));
    const size = this.#valueBytes;
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#valueBytes = 0;
    this.#isInValue = false;
    if (this.#state === 'value') this.#state = 'afterValue';
    else if (this.#state === 'key') {
      this.#state = 'colon';
      // Only the last counts; the first ones are told where it is not found.
      if (this.#fieldsFound.length > MAX_NAMES_SHOWN) this.#fieldsFound.pop();
      this.#fieldsFound.push(nameOf(bytes) ?? '');
    } else {
      this.#state = 'afterRow';
      rows.push(rowOf(bytes, size, this.#valueLine));
    }
    return end;
  }

  #error(what: string, at: number): DataError {
    return new DataError(
      `${this.#name}, line ${this.line} (byte ${this.#bytesBefore + at}): no JSON array of rows: ${what}.`,
      { hint: `Check it with: python -m json.tool ${this.#name} > /dev/null. One object a line is format jsonl.` },
    );
  }
}

function nameOf(bytes: Buffer): string | null {
  try {
    return String(JSON.parse(bytes.toString('utf8')));
  } catch {
    return null;
  }
}

function rowOf(bytes: Buffer, size: number, number: number): Line {
  if (size > MAX_LINE_BYTES) {
    const detail = `${size} bytes long; at most ${MAX_LINE_BYTES} are read`;
    return { number, text: null, reason: 'malformed', detail };
  }
  const text = bytes.toString('utf8');
  if (isUtf8(bytes)) return { number, text };
  return { number, text: null, reason: 'not-utf8', detail: `reads as ${JSON.stringify(text.slice(0, 60))}` };
}
