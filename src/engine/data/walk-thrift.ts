/**
 * Walks over one structure of Thrift's compact protocol, in which the headers of parquet files are written, to see that it can
 * be read: hyparquet makes room for a list of as many items as the file claims before it reads the first.
 */

const TYPES = {
  true: 1,
  false: 2,
  byte: 3,
  int16: 4,
  int32: 5,
  int64: 6,
  double: 7,
  binary: 8,
  list: 9,
  struct: 12,
} as const;
const INTEGERS: ReadonlySet<number> = new Set([TYPES.int16, TYPES.int32, TYPES.int64]);
const MAX_DEPTH = 64;
const MAX_VARINT_BYTES = 10;

/**
 * @returns the first byte after it
 * @throws {RangeError} when it ends in the middle, or a list claims more items than there are bytes
 */
export function walkThrift(bytes: Uint8Array): number {
  const walk = new Walk(bytes);
  walk.struct(0);
  return walk.position;
}

class Walk {
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  struct(depth: number): void {
    if (depth > MAX_DEPTH) throw new RangeError(`its header has structures in more than ${MAX_DEPTH} others`);
    for (;;) {
      const head = this.#byte();
      const type = head & 0x0f;
      if (type === 0) return;
      // The field's number is told where it is not the last one's plus a few.
      if (head >> 4 === 0) this.#varint();
      this.#value(type, depth);
    }
  }

  #value(type: number, depth: number): void {
    if (type === TYPES.true || type === TYPES.false) return;
    if (type === TYPES.byte) this.#skip(1);
    else if (INTEGERS.has(type)) this.#varint();
    else if (type === TYPES.double) this.#skip(8);
    else if (type === TYPES.binary) this.#skip(this.#varint());
    else if (type === TYPES.list) this.#list(depth);
    else if (type === TYPES.struct) this.struct(depth + 1);
    else throw new RangeError(`its header has a value of type ${type}, which parquet does not use`);
  }

  #list(depth: number): void {
    const head = this.#byte();
    const type = head & 0x0f;
    const count = head >> 4 < 15 ? head >> 4 : this.#varint();
    const left = this.#bytes.length - this.position;
    if (count > left) throw new RangeError(`its header has a list of ${count} items in ${left} bytes`);
    // In a list a truth value takes a byte.
    const isTruth = type === TYPES.true || type === TYPES.false;
    if (depth > MAX_DEPTH) throw new RangeError(`its header has lists in more than ${MAX_DEPTH} others`);
    for (let i = 0; i < count; i++) this.#value(isTruth ? TYPES.byte : type, depth + 1);
  }

  #varint(): number {
    let value = 0;
    for (let count = 0; count < MAX_VARINT_BYTES; count++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 128 ** count;
      if (byte < 128) return value;
    }
    throw new RangeError(`its header has a number of more than ${MAX_VARINT_BYTES} bytes`);
  }

  #byte(): number {
    const byte = this.#bytes[this.position];
    if (byte === undefined) throw new RangeError(CUT_OFF);
    this.position += 1;
    return byte;
  }

  #skip(count: number): void {
    if (count > this.#bytes.length - this.position) throw new RangeError(CUT_OFF);
    this.position += count;
  }
}

const CUT_OFF = 'its header ends in the middle';
