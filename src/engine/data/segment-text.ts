/**
 * The text of one segment of a TMX or XLIFF file, gathered between its tags. What inline codes hold (`<bpt>`, `<ph>` …:
 * markup of the original document) is left out, the text around them is joined as it stands; white space is kept.
 */
import { detached, REPLACEMENT_CHARACTER } from './encoding.ts';
import { MAX_LINE_BYTES } from './line-splitter.ts';

/** Elements that hold codes of the original format, or in `sub` another text. `hi`, `g`, `mrk` and `pc` hold the sentence's own words. */
const CODES: ReadonlySet<string> = new Set(['bpt', 'ept', 'ph', 'it', 'ut', 'sub']);

/** As long as a line of other formats may be. */
const MAX_SEGMENT_LENGTH = MAX_LINE_BYTES;

export class SegmentText {
  readonly #parts: string[] = [];
  #length = 0;
  #depth = 0;
  /** Depth of the outermost code that is open; 0 outside of codes. */
  #codeDepth = 0;

  open(name: string): void {
    this.#depth += 1;
    if (this.#codeDepth === 0 && CODES.has(name)) this.#codeDepth = this.#depth;
  }

  /** Whether the segment itself ends with this tag. */
  close(): boolean {
    if (this.#depth === 0) return true;
    if (this.#codeDepth === this.#depth) this.#codeDepth = 0;
    this.#depth -= 1;
    return false;
  }

  add(text: string): void {
    if (this.#codeDepth > 0) return;
    this.#length += text.length;
    if (this.#length <= MAX_SEGMENT_LENGTH) this.#parts.push(text);
  }

  /** The text, or why it is none. */
  finish(): { text: string } | { reason: 'malformed' | 'not-utf8'; detail: string } {
    if (this.#length > MAX_SEGMENT_LENGTH) {
      return { reason: 'malformed', detail: `${this.#length} characters long; at most ${MAX_SEGMENT_LENGTH} are read` };
    }
    const text = detached(this.#parts.join(''));
    if (!text.includes(REPLACEMENT_CHARACTER)) return { text };
    const place = text.indexOf(REPLACEMENT_CHARACTER);
    return {
      reason: 'not-utf8',
      detail: `reads as ${JSON.stringify(text.slice(Math.max(0, place - 30), place + 30))}`,
    };
  }
}
