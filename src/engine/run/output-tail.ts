/** Keeps the last bytes of a stream, for the words a process died with. */
export class OutputTail {
  readonly #limitBytes: number;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  push(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#bytes, chunk]);
    // A copy, not a view: a view would keep each whole chunk alive.
    this.#bytes = bytes.length > this.#limitBytes ? Buffer.from(bytes.subarray(-this.#limitBytes)) : bytes;
  }

  /** The tail as text; a character cut in two at its beginning is left out. */
  text(): string {
    const isContinuation = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;
    let start = 0;
    if (this.#bytes.length === this.#limitBytes) while (start < 3 && isContinuation(this.#bytes[start])) start += 1;
    return this.#bytes.toString('utf8', start);
  }
}
