/** Small numbers as parquet packs them: runs of one value, and groups of eight with so many bits each. */

/**
 * Reads numbers in the "RLE / bit-packing hybrid" of parquet's Encodings.md.
 *
 * @param width  bits of each, 0 to 32
 * @returns `count` numbers
 * @throws {RangeError} when the bytes end before
 */
export function readHybridRuns(bytes: Uint8Array, width: number, count: number): Uint32Array {
  if (width > 32) throw new RangeError(`numbers would have ${width} bits; at most 32 are read`);
  const numbers = new Uint32Array(count);
  if (width === 0) return numbers;
  let at = 0;
  const next = (): number => {
    const byte = bytes[at];
    if (byte === undefined) throw new RangeError('a page ends inside its levels or indexes');
    at += 1;
    return byte;
  };
  for (let filled = 0; filled < count; ) {
    let head = 0;
    let byte: number;
    let shift = 0;
    do {
      byte = next();
      head += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte >= 0x80 && shift < 35);
    const isPacked = head % 2 === 1;
    const length = Math.min(isPacked ? 8 * (head >> 1) : Math.floor(head / 2), count - filled);
    if (length <= 0) throw new RangeError('a page has a run of no length');
    if (isPacked) {
      const start = at;
      let bits = 0;
      let held = 0;
      for (let i = 0; i < length; i++) {
        // Up to 39 bits are held: more than bit operations take.
        for (; held < width; held += 8) bits += next() * 2 ** held;
        numbers[filled + i] = bits % 2 ** width;
        bits = Math.floor(bits / 2 ** width);
        held -= width;
      }
      at = start + (head >> 1) * width;
    } else {
      let value = 0;
      for (let bit = 0; bit < width; bit += 8) value += next() * 2 ** bit;
      numbers.fill(value, filled, filled + length);
    }
    filled += length;
  }
  return numbers;
}
