/** The lines of a text file, one after the other, with what a file can be wrong translated to a DataError. */
import { isUtf8Label, openDecoder } from './encoding.ts';
import { type Line, LineSplitter } from './line-splitter.ts';
import { type ByteSource, fileSource, openText, readingError } from './read-bytes.ts';

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
  const source = typeof file === 'string' ? fileSource(file) : file;
  const { name } = source;
  let splitter = new LineSplitter();
  let lines = 0;
  const chooseEncoding = (start: Buffer) => {
    const encoding = findEncoding(start);
    if (!isUtf8Label(encoding)) splitter = new LineSplitter(openDecoder(encoding, name, true));
  };
  try {
    for await (const bytes of openText(source, note, chooseEncoding)) {
      const completed = splitter.push(bytes);
      lines += completed.length;
      yield* completed;
    }
    yield* splitter.end();
  } catch (error) {
    throw readingError(name, lines, error);
  }
}
