/**
 * The texts of one column of a row group, a page in memory at a time. Only what text columns need: no repetition. Each count
 * that a page claims is held against what is left of its group or its bytes before room is made for it.
 */
import type { AsyncBuffer, ColumnMetaData, PageHeader } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { deltaByteArray, deltaLengthByteArray } from 'hyparquet/src/delta.js';
import { MAX_PAGE_BYTES, unpackPage } from './parquet-compressors.ts';
import { readHybridRuns } from './parquet-runs.ts';
import { walkThrift } from './walk-thrift.ts';

/**
 * A text; or where there is none, how many of the places on the way to it that may be null are not: 0 if the outermost
 * is null.
 */
export type TextCell = string | number;

/** Equal rows take no bytes at all; pyarrow writes 20,000 to a page, and older ones a million to a group. */
const MAX_PAGE_ROWS = 10_000_000;
const USUAL_HEADER_BYTES = 1 << 14;

/**
 * Reads the cells of a column chunk.
 *
 * @param nullablePlaces  how many of the places on the way to a text, its own included, may be null
 * @param rows  of the row group
 * @returns the cells of one page after the other, as many as `rows` in all
 * @throws {RangeError} when a page is damaged or written in an unknown way
 */
export async function* readTextPages(
  file: AsyncBuffer,
  column: ColumnMetaData,
  nullablePlaces: number,
  rows: number,
): AsyncGenerator<readonly TextCell[], void, undefined> {
  const start = Number(column.dictionary_page_offset || column.data_page_offset);
  const end = start + Number(column.total_compressed_size);
  let dictionary: readonly string[] | null = null;
  let rowsLeft = rows;
  for (let at = start; rowsLeft > 0 && at < end; ) {
    const { header, contentStart, contentEnd } = await readHeader(file, at, end);
    at = contentEnd;
    const isDictionary = header.type === 'DICTIONARY_PAGE';
    if (!isDictionary && header.type !== 'DATA_PAGE' && header.type !== 'DATA_PAGE_V2') continue;
    const packed = Buffer.from(await file.slice(contentStart, contentEnd));
    if (isDictionary) {
      dictionary = readDictionary(unpackPage(column.codec, packed, header.uncompressed_page_size), header);
    } else {
      const cells = readCells(header, packed, column.codec, nullablePlaces, dictionary, rowsLeft);
      rowsLeft -= cells.length;
      yield cells;
    }
  }
  if (rowsLeft > 0) throw new RangeError(`${column.path_in_schema.join('.')} ends ${rowsLeft} rows before its group`);
}

/** A header takes a few hundred bytes, or more where its statistics hold long texts. */
async function readHeader(
  file: AsyncBuffer,
  at: number,
  end: number,
): Promise<{ header: PageHeader; contentStart: number; contentEnd: number }> {
  const nearEnd = Math.min(end, at + USUAL_HEADER_BYTES);
  let bytes = await file.slice(at, nearEnd);
  let length: number;
  try {
    length = walkThrift(new Uint8Array(bytes));
  } catch (error) {
    if (nearEnd === end || !(error instanceof RangeError)) throw error;
    bytes = await file.slice(at, end);
    length = walkThrift(new Uint8Array(bytes));
  }
  const header = parquetHeader({ view: new DataView(bytes), offset: 0 });
  const packedBytes = header.compressed_page_size;
  if (!(packedBytes >= 0 && packedBytes <= MAX_PAGE_BYTES)) {
    throw new RangeError(`the page at byte ${at} is said to have ${packedBytes} bytes`);
  }
  return { header, contentStart: at + length, contentEnd: at + length + packedBytes };
}

function readDictionary(page: Buffer, header: PageHeader): string[] {
  return readPlain(page, header.dictionary_page_header?.num_values ?? -1);
}

function readCells(
  header: PageHeader,
  packed: Buffer,
  codec: ColumnMetaData['codec'],
  nullablePlaces: number,
  dictionary: readonly string[] | null,
  rowsLeft: number,
): TextCell[] {
  const { data_page_header: first, data_page_header_v2: second } = header;
  const rows = (second ?? first)?.num_values ?? -1;
  const encoding = (second ?? first)?.encoding ?? 'PLAIN';
  if (!(rows >= 0 && rows <= rowsLeft))
    throw new RangeError(`a page claims ${rows} rows; its group has ${rowsLeft} left`);
  if (rows > MAX_PAGE_ROWS) throw new RangeError(`a page has ${rows} rows; at most ${MAX_PAGE_ROWS} are read at once`);
  const width = 32 - Math.clz32(nullablePlaces);
  let levels: Uint32Array | null = null;
  let values: Buffer;
  if (second !== undefined) {
    const levelsStart = second.repetition_levels_byte_length;
    const levelsEnd = levelsStart + second.definition_levels_byte_length;
    if (!(levelsStart >= 0 && levelsStart <= levelsEnd && levelsEnd <= packed.length)) {
      throw new RangeError(`the levels of a page end at byte ${levelsEnd} of ${packed.length}`);
    }
    if (width > 0) levels = readHybridRuns(packed.subarray(levelsStart, levelsEnd), width, rows);
    const rest = packed.subarray(levelsEnd);
    const isPacked = second.is_compressed !== false;
    values = isPacked ? unpackPage(codec, rest, header.uncompressed_page_size - levelsEnd) : rest;
  } else {
    values = unpackPage(codec, packed, header.uncompressed_page_size);
    if (width > 0) {
      if (first?.definition_level_encoding !== 'RLE') {
        throw new RangeError(`levels are encoded as ${first?.definition_level_encoding}; expected RLE`);
      }
      const levelsEnd = 4 + values.readUInt32LE(0);
      levels = readHybridRuns(values.subarray(4, levelsEnd), width, rows);
      values = values.subarray(levelsEnd);
    }
  }
  if (levels === null) return readTexts(values, rows, encoding, dictionary);
  const present = levels.reduce((count, level) => (level === nullablePlaces ? count + 1 : count), 0);
  const texts = readTexts(values, present, encoding, dictionary);
  if (present === rows) return texts;
  let place = 0;
  return Array.from(levels, (level) => (level === nullablePlaces ? (texts[place++] ?? '') : level));
}

function readTexts(values: Buffer, count: number, encoding: string, dictionary: readonly string[] | null): string[] {
  if (count === 0) return [];
  switch (encoding) {
    case 'PLAIN':
      return readPlain(values, count);
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY': {
      const indexes = readHybridRuns(values.subarray(1), values.readUInt8(0), count);
      return Array.from(indexes, (index) => {
        const text = dictionary?.[index];
        if (text === undefined)
          throw new RangeError(`a dictionary of ${dictionary?.length ?? 0} has no entry ${index}`);
        return text;
      });
    }
    case 'DELTA_LENGTH_BYTE_ARRAY':
    case 'DELTA_BYTE_ARRAY': {
      const texts: Uint8Array[] = new Array(count);
      const reader = { view: new DataView(values.buffer, values.byteOffset, values.length), offset: 0 };
      if (encoding === 'DELTA_BYTE_ARRAY') deltaByteArray(reader, count, texts);
      else deltaLengthByteArray(reader, count, texts);
      return texts.map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
    }
    default:
      throw new RangeError(`texts are encoded as ${encoding}, which is not known`);
  }
}

/** Each text after its length. */
function readPlain(bytes: Buffer, count: number): string[] {
  if (!(count >= 0 && 4 * count <= bytes.length))
    throw new RangeError(`a page of ${bytes.length} bytes claims ${count} texts`);
  const texts: string[] = new Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const start = at + 4;
    at = start + bytes.readUInt32LE(at);
    if (at > bytes.length) throw new RangeError(`a text ends at byte ${at} of ${bytes.length} of its page`);
    texts[i] = bytes.toString('utf8', start, at);
  }
  return texts;
}

/** The cells of a column in portions: the pages of two columns need not meet. */
export class CellQueue {
  readonly #pages: AsyncGenerator<readonly TextCell[], void>;
  #cells: readonly TextCell[] = [];
  #place = 0;

  constructor(pages: AsyncGenerator<readonly TextCell[], void>) {
    this.#pages = pages;
  }

  /** How many cells can be taken: one at least. */
  async ready(): Promise<number> {
    while (this.#place === this.#cells.length) {
      const page = await this.#pages.next();
      if (page.done) throw new RangeError('a column has fewer rows than its group');
      this.#cells = page.value;
      this.#place = 0;
    }
    return this.#cells.length - this.#place;
  }

  take(count: number): readonly TextCell[] {
    this.#place += count;
    return this.#cells.slice(this.#place - count, this.#place);
  }
}
