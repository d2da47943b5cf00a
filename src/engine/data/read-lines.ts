/** The lines of a text file, one after the other, with what a file can be wrong translated to a DataError. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError } from '../../errors.ts';
import { type Line, LineSplitter } from './line-splitter.ts';

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads a UTF-8 file line by line; a name in `.gz` is unpacked on the way. A byte order mark at the start is taken off
 * (Python's utf-8 would keep it in the first sentence), and `note` told.
 *
 * @throws {DataError} when the file is missing, a directory, not readable, UTF-16 or a broken .gz
 */
export async function* readLines(path: string, note: (text: string) => void): AsyncGenerator<Line, void, undefined> {
  const splitter = new LineSplitter();
  let lines = 0;
  let isStart = true;
  try {
    for await (const chunk of openChunks(path)) {
      let bytes = chunk;
      if (isStart) {
        isStart = false;
        requireNotUtf16(bytes, path);
        if (bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) {
          bytes = bytes.subarray(3);
          note(`${path} starts with a byte order mark, which was taken off.`);
        }
      }
      const completed = splitter.push(bytes);
      lines += completed.length;
      yield* completed;
    }
    yield* splitter.end();
  } catch (error) {
    throw error instanceof DataError ? error : fileError(path, lines, error);
  }
}

function openChunks(path: string): AsyncIterable<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  // Errors of the file end the unpacking too, where the reader meets them.
  return path.endsWith('.gz') ? pipeline(file, createGunzip(), () => undefined) : file;
}

/** 0xFF and 0xFE occur in no UTF-8 text. */
function requireNotUtf16(start: Buffer, path: string): void {
  const mark = start.subarray(0, 2).toString('hex');
  if (mark !== 'fffe' && mark !== 'feff') return;
  throw new DataError(`${path}, line 1: the file is UTF-16; expected UTF-8.`, {
    hint: `iconv -f UTF-16 -t UTF-8 ${path} > ${path}.utf8`,
  });
}

function fileError(path: string, lines: number, cause: unknown): DataError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const message = cause instanceof Error ? cause.message : String(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR') return new DataError(`${path} does not exist.`, { cause });
  if (code === 'EISDIR') return new DataError(`${path} is a directory; expected a text file.`, { cause });
  if (code.startsWith('Z_')) {
    return new DataError(`${path} cannot be unpacked after line ${lines}: ${message}.`, {
      hint: `Check it with: gzip -t ${path}`,
      cause,
    });
  }
  return new DataError(`${path} cannot be read: ${message}.`, { cause });
}
