/**
 * An open file as yauzl reads zip files. Its own reader hands places of 2^60, which a zip64 directory may claim, to fs.read,
 * and goes on reading for a member that is given up while another is read: the exceptions of both end the process.
 */
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { RandomAccessReader } from 'yauzl';

const CHUNK_BYTES = 1 << 16;

export class ZipFileReader extends RandomAccessReader {
  readonly #file: FileHandle;
  readonly #size: number;

  /** @param size  bytes of the file, beyond which nothing is read */
  constructor(file: FileHandle, size: number) {
    super();
    this.#file = file;
    this.#size = size;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    if (position + length > this.#size) {
      setImmediate(callback, new Error(`it points to byte ${position}, but has ${this.#size} bytes`));
      return;
    }
    this.#file.read(buffer, offset, length, position).then(
      ({ bytesRead }) => callback(null, bytesRead),
      (cause: unknown) => callback(cause instanceof Error ? cause : new Error(String(cause))),
    );
  }

  /** @param end  the first byte that is not read; yauzl has looked that it is in the file */
  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#chunks(start, end), { objectMode: false });
  }

  /** Not the file's own stream: that closes the file when it is given up or done, and other members are still to be read. */
  async *#chunks(start: number, end: number): AsyncGenerator<Buffer, void, undefined> {
    for (let at = start; at < end; ) {
      const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - at)), {
        position: at,
      });
      if (bytesRead === 0) throw new Error(`it ends at byte ${at}; expected ${end} bytes`);
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  }
}
