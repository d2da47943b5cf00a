/** Writes bytes to their end: one write of the system may take fewer. */
import { writeSync } from 'node:fs';

/** @param position  bytes; null for the end of a file opened for appending @throws the file system's error */
export function writeWhole(file: number, bytes: Buffer, position: number | null): void {
  for (let written = 0; written < bytes.length; ) {
    const at = position === null ? null : position + written;
    written += writeSync(file, bytes, written, bytes.length - written, at);
  }
}
