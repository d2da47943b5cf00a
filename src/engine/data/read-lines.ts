/** The lines of a text file, one after the other, with what a file can be wrong translated to a DataError. */
import { isUtf8Label, openDecoder } from './encoding.ts';
import { type Line, LineSplitter } from './line-splitter.ts';
import { type ByteSource, fileSource, readingError, requireNotUtf16 } from './read-bytes.ts';

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads a UTF-8 file line by line; a name in `.gz` is unpacked on the way. A byte order mark at the start is taken off
 * (Python's utf-8 would keep it in the first sentence), and `note` told.
 *
 * @param findEncoding  names the encoding from the first bytes, for files that may be in another that ASCII is part of
 * @throws {DataError} when the file is missing, a directory, not readable, UTF-16 or a broken .gz
 */
export async function* readLines(
  file: string | ByteSource,
  note: (text: string) => void,
  findEncoding: (start: Buffer) => string = () => 'utf-8',
): AsyncGenerator<Line, void, undefined> {
  const { name, open } = typeof file === 'string' ? fileSource(file) : file;
  let splitter = new LineSplitter();
  let lines = 0;
  let isStart = true;
  try {
    for await (const chunk of open()) {
      let bytes = chunk;
      if (isStart) {
        isStart = false;
        requireNotUtf16(bytes, name);
        const encoding = findEncoding(bytes);
        if (!isUtf8Label(encoding)) splitter = new LineSplitter(openDecoder(encoding, name, true));
        if (bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) {
          bytes = bytes.subarray(3);
          note(`${name} starts with a byte order mark, which was taken off.`);
        }
      }
      const completed = splitter.push(bytes);
      lines += completed.length;
      yield* completed;
    }
    yield* splitter.end();
  } catch (error) {
    throw readingError(name, lines, error);
  }
}
