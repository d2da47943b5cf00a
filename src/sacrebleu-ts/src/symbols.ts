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

/**
 * Gives words numbers from 0 on, in the order they are first seen; the same word has the same number.
 *
 * Does what a Map would, in a third of its time: a Map has V8 intern each word of each segment to find its hash.
 */
export class WordNumbers {
  private readonly room: SymbolRoom;
  private readonly words: string[] = [];
  private hashes = new Int32Array(64);
  /** Hash slot → number + 1, 0 where free; twice as many as there is room for words. */
  private slots = new Int32Array(128);
  /** Number → hash slot. */
  private places = new Int32Array(64);

  constructor(room: SymbolRoom) {
    this.room = room;
  }

  /** Forgets all words. */
  clear(): void {
    // Not all slots: after one long segment they are many.
    for (let number = 0; number < this.words.length; number++) this.slots[this.places[number] ?? 0] = 0;
    this.words.length = 0;
  }

  /** One number a word. */
  of(words: readonly string[]): Int32Array {
    if (this.words.length + words.length > this.hashes.length) this.grow(this.words.length + words.length);
    const found = this.room.take(words.length);
    const { slots, hashes, places, words: known } = this;
    const last = slots.length - 1;
    for (let index = 0; index < words.length; index++) {
      const word = words[index] ?? '';
      const hash = hashOf(word);
      let slot = hash & last;
      let number = (slots[slot] ?? 0) - 1;
      while (number >= 0 && (hashes[number] !== hash || known[number] !== word)) {
        slot = (slot + 1) & last;
        number = (slots[slot] ?? 0) - 1;
      }
      if (number < 0) {
        number = known.length;
        known.push(word);
        hashes[number] = hash;
        places[number] = slot;
        slots[slot] = number + 1;
      }
      found[index] = number;
    }
    return found;
  }

  private grow(words: number): void {
    const capacity = 2 ** (32 - Math.clz32(words));
    const hashes = new Int32Array(capacity);
    hashes.set(this.hashes);
    this.hashes = hashes;
    this.slots = new Int32Array(2 * capacity);
    this.places = new Int32Array(capacity);
    const last = this.slots.length - 1;
    for (let number = 0; number < this.words.length; number++) {
      let slot = (hashes[number] ?? 0) & last;
      while (this.slots[slot] !== 0) slot = (slot + 1) & last;
      this.slots[slot] = number + 1;
      this.places[number] = slot;
    }
  }
}

function hashOf(word: string): number {
  let hash = 0;
  for (let index = 0; index < word.length; index++) hash = Math.imul(hash ^ word.charCodeAt(index), 0x01000193);
  return hash ^ (hash >>> 15);
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
