/** The bytes of a file as they arrive, `.gz` unpacked on the way, and what can go wrong with them as a DataError. */
import { createReadStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError } from '../../errors.ts';
import { readSmallFile, UnfitFileError } from '../files/read-small-file.ts';
import { errorCode } from '../files/system-error.ts';

/** Something to read: a file, or a member of an archive. */
export interface ByteSource {
  /** How problems name it. */
  readonly name: string;
  /** Opens it; errors are thrown where it is read. */
  readonly open: () => AsyncIterable<Buffer>;
}

/** A file; a name in `.gz` is unpacked. */
export function fileSource(path: string): ByteSource {
  return { name: path, open: () => openFile(path) };
}

/** Text packs to a quarter; what goes far beyond was made to exhaust a machine. A small file may be as monotonous as it likes. */
const MAX_RATIO = 200;
const MIN_BOMB_BYTES = 1 << 21;

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** A pipe is as good as a file; of a device such as /dev/zero there is no end. */
async function* openFile(path: string): AsyncGenerator<Buffer, void, undefined> {
  const status = await stat(path);
  if (status.isCharacterDevice() || status.isBlockDevice()) throw new UnfitFileError('is no file, but a device');
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  yield* path.endsWith('.gz') ? unpack(file, path) : (file as AsyncIterable<Buffer>);
}

async function* unpack(file: ReadStream, path: string): AsyncGenerator<Buffer, void, undefined> {
  let unpackedBytes = 0;
  // Errors of the file end the unpacking too, where the reader meets them.
  for await (const chunk of pipeline(file, createGunzip(), () => undefined) as AsyncIterable<Buffer>) {
    unpackedBytes += chunk.length;
    if (unpackedBytes > MIN_BOMB_BYTES && unpackedBytes > MAX_RATIO * file.bytesRead) {
      throw new DataError(
        `${path} is no corpus: its first ${file.bytesRead} bytes unpack to ${unpackedBytes}, more than ${MAX_RATIO} times as many.`,
        { hint: 'If that is right, unpack it with gunzip and name the unpacked file.' },
      );
    }
    yield chunk;
  }
}

/** Of the files beside a corpus; a README.md that lists thousands of configurations has a few megabytes. */
const MAX_SMALL_BYTES = 1 << 24;

/** The whole text of a file beside a corpus, such as its README.md. @throws {DataError} when it cannot be read */
export async function readSmallText(path: string): Promise<string> {
  try {
    return (await readSmallFile(path, MAX_SMALL_BYTES)).toString('utf8');
  } catch (error) {
    throw readingError(path, 0, error);
  }
}

/** Puts an error of reading in the user's words; a DataError stays as it is. `lines` were read before it, null where they are not counted. */
export function readingError(name: string, lines: number | null, cause: unknown): DataError {
  if (cause instanceof DataError) return cause;
  if (cause instanceof UnfitFileError) return new DataError(`${name} ${cause.message}.`, { cause });
  const code = errorCode(cause) ?? '';
  const message = cause instanceof Error ? cause.message : String(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR') return new DataError(`${name} does not exist.`, { cause });
  if (code === 'EISDIR') return new DataError(`${name} is a directory; expected a text file.`, { cause });
  if (code.startsWith('Z_')) {
    return new DataError(`${name} cannot be unpacked${lines === null ? '' : ` after line ${lines}`}: ${message}.`, {
      hint: `Check it with: gzip -t ${name}`,
      cause,
    });
  }
  return new DataError(`${name} cannot be read: ${message}.`, { cause });
}

/**
 * The bytes of a UTF-8 text, without the byte order mark some begin with, of which `note` is told. `onStart` sees the first
 * of them as they lie in the file.
 *
 * @throws {DataError} when a file starts as UTF-16 does
 */
export async function* openText(
  { name, open }: ByteSource,
  note: (text: string) => void,
  onStart: (start: Buffer) => void = () => undefined,
): AsyncGenerator<Buffer, void, undefined> {
  let isStart = true;
  for await (const chunk of open()) {
    if (!isStart) {
      yield chunk;
      continue;
    }
    isStart = false;
    requireNotUtf16(chunk, name);
    onStart(chunk);
    const isMarked = chunk.subarray(0, 3).equals(BYTE_ORDER_MARK);
    if (isMarked) note(`${name} starts with a byte order mark, which was taken off.`);
    yield isMarked ? chunk.subarray(3) : chunk;
  }
}

/** 0xFF and 0xFE occur in no UTF-8 text. */
function requireNotUtf16(start: Buffer, name: string): void {
  const mark = start.subarray(0, 2).toString('hex');
  if (mark !== 'fffe' && mark !== 'feff') return;
  throw new DataError(`${name}, line 1: the file is UTF-16; expected UTF-8.`, {
    hint: `iconv -f UTF-16 -t UTF-8 ${name} > ${name}.utf8`,
  });
}
