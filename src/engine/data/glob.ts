/**
 * Patterns of paths as fsspec has them: `*` and `?` within a folder, `**` across folders, sets in brackets.
 *
 * They come with a dataset, so they are not made into regular expressions, whose time multiplies with each star: a path is
 * walked once, with all places of the pattern that its beginning may have come to.
 */

interface Part {
  /** One character; any number of them; `**` with its slash, which ends at a slash where it takes anything. */
  readonly type: 'one' | 'many' | 'folders';
  readonly takes: (character: string) => boolean;
  /** What it compares a character with: more than one in a set. */
  readonly steps: number;
}

const isWithin = (character: string): boolean => character !== '/';
const isAny = (): boolean => true;

export class Glob {
  /** The one path that the pattern stands for; null where it has a wildcard. */
  readonly literal: string | null;
  /** What stands before the first wildcard. */
  readonly #prefix: string;
  readonly #places: Places;

  constructor(pattern: string) {
    const wildcard = /[*?]|\[[^\]/]+\]/.exec(pattern)?.index;
    this.literal = wildcard === undefined ? pattern : null;
    this.#prefix = pattern.slice(0, wildcard);
    this.#places = new Places(wildcard === undefined ? [] : readParts(pattern.slice(wildcard)));
  }

  /**
   * Gives whether the pattern stands for a path.
   * @param work  what it took is added to its `steps`, of about 50 ns each
   */
  matches(path: string, work: { steps: number }): boolean {
    work.steps++;
    if (this.literal !== null) return path === this.literal;
    if (!path.startsWith(this.#prefix)) return false;
    const places = this.#places;
    places.begin();
    for (let at = this.#prefix.length; at < path.length && places.current.length > 0; at++) {
      work.steps += places.advance(path.charAt(at));
    }
    return places.isAtEnd;
  }
}

/** The places before parts of a pattern that a path may have come to so far, each once. */
class Places {
  current: number[] = [];
  readonly #parts: readonly Part[];
  /** How many characters had been read when a place was entered last, and one. */
  readonly #entered: Uint32Array;
  #time = 0;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
    this.#entered = new Uint32Array(parts.length + 1);
  }

  begin(): void {
    this.current = [];
    this.#time++;
    this.#enter(0);
  }

  get isAtEnd(): boolean {
    return this.#entered[this.#parts.length] === this.#time;
  }

  /** Goes on to where one more character leads. @returns how many comparisons it took */
  advance(character: string): number {
    const before = this.current;
    let steps = 0;
    this.current = [];
    this.#time++;
    for (const place of before) {
      const part = this.#parts[place];
      steps += part?.steps ?? 1;
      if (part?.takes(character) !== true) continue;
      if (part.type === 'one') this.#enter(place + 1);
      if (part.type === 'many') this.#enter(place);
      if (part.type === 'folders') this.#add(place);
      if (part.type === 'folders' && character === '/') this.#enter(place + 1);
    }
    return steps;
  }

  /** What may take nothing may be left as soon as it is reached. */
  #enter(place: number): void {
    this.#add(place);
    for (let at = place; (this.#parts[at]?.type ?? 'one') !== 'one'; at++) this.#add(at + 1);
  }

  #add(place: number): void {
    if (this.#entered[place] === this.#time) return;
    this.#entered[place] = this.#time;
    this.current.push(place);
  }
}

function readParts(pattern: string): Part[] {
  return [...pattern.matchAll(/(?:\*\*\/)+|\*+|\?|\[[^\]/]+\]|./gs)].map(([text]): Part => {
    if (text.startsWith('**/')) return { type: 'folders', takes: isAny, steps: 1 };
    if (text.startsWith('*')) return { type: 'many', takes: text === '*' ? isWithin : isAny, steps: 1 };
    if (text === '?') return { type: 'one', takes: isWithin, steps: 1 };
    return { type: 'one', takes: text.length > 1 ? readSet(text) : (each) => each === text, steps: text.length };
  });
}

/** `[a-z_]`, or `[!a-z_]` for all others; of a range that runs backwards there is nothing. */
function readSet(text: string): (character: string) => boolean {
  const isNegated = /^\[![^\]]/.test(text);
  const ranges = [...text.slice(isNegated ? 2 : 1, -1).matchAll(/(.)-(.)|./gs)].map(
    ([one, from = one, to = one]): readonly [string, string] => [from, to],
  );
  return (character) => ranges.some(([from, to]) => from <= character && character <= to) !== isNegated;
}
