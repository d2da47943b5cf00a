/**
 * Walks the fields of a serialized protobuf message, as far as SentencePiece models need it: varints, 32-bit floats,
 * bytes and nested messages; every other field is skipped. Offsets in errors count from the start of the file.
 */
import { ModelError } from '../../errors.ts';

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;
const WIRE_TYPE_NAMES: Readonly<Record<number, string>> = {
  [VARINT]: 'an integer',
  [FIXED_64]: 'a 64-bit number',
  [LENGTH_DELIMITED]: 'a length and bytes',
  [FIXED_32]: 'a 32-bit number',
};

export class ProtobufReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #path: string;
  #offset: number;
  #field = 0;
  #wireType = 0;

  /** @param path names the file in errors */
  constructor(bytes: Uint8Array, path: string, start = 0, end = bytes.length) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#path = path;
    this.#offset = start;
    this.#end = end;
  }

  /** Moves to the next field and gives its number, or 0 at the end of the message. */
  nextField(): number {
    if (this.#offset >= this.#end) return 0;
    const start = this.#offset;
    const tag = this.#readVarint();
    this.#field = Math.floor(tag / 8);
    this.#wireType = tag % 8;
    if (this.#field === 0 || WIRE_TYPE_NAMES[this.#wireType] === undefined) {
      throw this.#failure(`the bytes at offset ${start} are no field of a protobuf message`);
    }
    return this.#field;
  }

  /** The value of an int32, bool or enum field. */
  integer(): number {
    this.#requireWireType(VARINT);
    return this.#readVarint() | 0;
  }

  boolean(): boolean {
    return this.integer() !== 0;
  }

  float(): number {
    this.#requireWireType(FIXED_32);
    return this.#bytes.readFloatLE(this.#take(4));
  }

  /** The bytes of the field, a view of the file. */
  bytes(): Uint8Array {
    this.#requireWireType(LENGTH_DELIMITED);
    const length = this.#readVarint();
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  message(): ProtobufReader {
    this.#requireWireType(LENGTH_DELIMITED);
    const length = this.#readVarint();
    const start = this.#take(length);
    return new ProtobufReader(this.#bytes, this.#path, start, start + length);
  }

  skip(): void {
    if (this.#wireType === VARINT) this.#readVarint();
    else if (this.#wireType === FIXED_64) this.#take(8);
    else if (this.#wireType === FIXED_32) this.#take(4);
    else this.#take(this.#readVarint());
  }

  /** Passes over `length` bytes and gives the offset of the first. */
  #take(length: number): number {
    const start = this.#offset;
    if (length > this.#end - start) {
      throw this.#failure(
        `field ${this.#field} at offset ${start} needs ${length} bytes, of which ${this.#end - start} are there`,
      );
    }
    this.#offset = start + length;
    return start;
  }

  /** Reads up to 10 bytes; values above 2^53 only occur as negative int32, whose low 32 bits stay exact. */
  #readVarint(): number {
    const start = this.#offset;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#offset >= this.#end) throw this.#failure(`the number at offset ${start} is cut off`);
      const byte = this.#bytes[this.#offset++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low = (low | (bits << 28)) >>> 0;
        high = bits >>> 4;
      } else if (shift < 63) high += bits * 2 ** (shift - 32);
      if (byte < 0x80) return high < 2 ** 21 ? high * 2 ** 32 + low : low;
    }
    throw this.#failure(`the number at offset ${start} does not end`);
  }

  #requireWireType(expected: number): void {
    if (this.#wireType === expected) return;
    throw this.#failure(
      `field ${this.#field} before offset ${this.#offset} is ${WIRE_TYPE_NAMES[this.#wireType]}, expected ${WIRE_TYPE_NAMES[expected]}`,
    );
  }

  #failure(what: string): ModelError {
    return new ModelError(
      `${this.#path} cannot be read as a SentencePiece model: ${what} (the file has ${this.#bytes.length} bytes).`,
      { hint: 'The file is cut off or is not a SentencePiece model; fetch it again from where the model came from.' },
    );
  }
}
