/** Text as whole numbers, equal where the words or characters are: what n-grams and edit distances are made of. */
import { isWhiteSpace } from './python/white-space.ts';

/** Gives words numbers from 0 on, in the order they are first seen; the same word has the same number. */
export class WordNumbers {
  private readonly numbers = new Map<string, number>();

  /** One number a word. */
  of(words: readonly string[]): Int32Array {
    const { numbers } = this;
    const found = new Int32Array(words.length);
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
export function codePoints(text: string, withWhiteSpace: boolean): Int32Array {
  const found = new Int32Array(text.length);
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
  return found.subarray(0, length);
}
