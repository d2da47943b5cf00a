/**
 * A read-only view of a darts-clone double array, the trie in which SentencePiece stores its normalisation rules.
 * Each 32-bit unit: bits 0-7 label, bit 8 "a value follows", bits 10-30 offset to the children (times 256 if bit 9
 * is set), bit 31 "this unit is a value" (darts-clone, darts.h, class DoubleArrayUnit).
 */
const LABEL_BITS = 0x800000ff | 0;
const VALUE_BITS = 0x7fffffff;
const HAS_VALUE = 0x100;
const NO_UNIT = -1;

export class DoubleArray {
  readonly #units: Int32Array;
  /** Bytes of the key that the last `longestPrefix` found; 0 when it found none. */
  matchLength = 0;

  /** @param bytes little-endian units */
  constructor(bytes: Uint8Array) {
    const units = new Int32Array(bytes.length >> 2);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < units.length; i++) units[i] = view.getInt32(i * 4, true);
    this.#units = units;
  }

  /** Whether every walk stays inside the table and every value is below `valueLimit`. */
  isSound(valueLimit: number): boolean {
    const units = this.#units;
    const isInside = (index: number, unit: number): boolean => ((index ^ childrenOffset(unit)) | 0xff) < units.length;
    const isValue = (unit: number): boolean => unit < 0;
    if (units.length === 0) return false;
    return units.every((unit, index) => {
      if (isValue(unit)) return (unit & VALUE_BITS) < valueLimit;
      if (!isInside(index, unit)) return false;
      return (unit & HAS_VALUE) === 0 || isValue(units[index ^ childrenOffset(unit)] ?? 0);
    });
  }

  /** Gives the value of the longest key that starts at `start`, and sets `matchLength`; -1 when there is none. */
  longestPrefix(text: Uint8Array, start: number, end: number): number {
    const units = this.#units;
    let value = -1;
    this.matchLength = 0;
    let node = childrenOffset(units[0] ?? NO_UNIT);
    for (let i = start; i < end; i++) {
      const byte = text[i] ?? 0;
      node ^= byte;
      const unit = units[node] ?? NO_UNIT;
      if ((unit & LABEL_BITS) !== byte) break;
      node ^= childrenOffset(unit);
      if ((unit & HAS_VALUE) !== 0) {
        value = (units[node] ?? NO_UNIT) & VALUE_BITS;
        this.matchLength = i + 1 - start;
      }
    }
    return value;
  }
}

function childrenOffset(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
