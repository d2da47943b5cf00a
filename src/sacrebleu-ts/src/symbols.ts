/** Text as whole numbers, equal where the words or characters are: what n-grams and edit distances are made of. */
import { isWhiteSpace } from './python/white-space.ts';

/**
 * Room for the symbols of one segment after the other: each segment's arrays lie in the same memory as the last one's, which
 * saves the collector most of its work.
 */
export class SymbolRoom {
  private space = new Int32Array(4096);
  private used = 0;

  /** Makes all room free: arrays taken before are written over. */
  clear(): void {
    this.used = 0;
  }

  /** An array of that length; what it holds is left of earlier ones. */
  take(length: number): Int32Array {
    if (this.used + length > this.space.length) {
      this.space = new Int32Array(Math.max(2 * this.space.length, length));
      this.used = 0;
    }
    this.used += length;
    return this.space.subarray(this.used - length, this.used);
  }
}

/** Gives words numbers from 0 on, in the order they are first seen; the same word has the same number. */
export class WordNumbers {
  private readonly numbers = new Map<string, number>();
  private readonly room: SymbolRoom;

  constructor(room: SymbolRoom) {
    this.room = room;
  }

  /** One number a word. */
  of(words: readonly string[]): Int32Array {
    const { numbers } = this;
    const found = this.room.take(words.length);
    for (let index = 0; index < words.length; index++) {
      const word = words[index] ?? '';
      let number = numbers.get(word);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(word, number);
      }
      found[index] = number;
    }
    return found;
  }
}

/** The text's code points; those that Python calls white space only where it counts. */
export function codePoints(text: string, withWhiteSpace: boolean, room: SymbolRoom): Int32Array {
  const found = room.take(text.length);
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (!withWhiteSpace && isWhiteSpace(unit)) continue;
    let point = unit;
    if (unit >= 0xd800 && unit < 0xdc00) {
      point = text.codePointAt(index) ?? unit;
      if (point > 0xffff) index++;
    }
    found[length++] = point;
  }
  return length === found.length ? found : found.subarray(0, length);
}
