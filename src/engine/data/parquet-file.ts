/**
 * A parquet file as rows of the columns asked for, one row group in memory at a time. hyparquet trusts what it reads, so
 * what a file claims of itself is checked first, and whatever goes wrong after is told as a DataError.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
} from 'hyparquet';
import { DataError } from '../../errors.ts';
import { parquetCodecs, parquetCompressors } from './parquet-compressors.ts';
import { readingError } from './read-bytes.ts';
import { quoted } from './row-pairs.ts';
import { type WalkedStruct, walkThrift } from './walk-thrift.ts';

/** A file starts with PAR1 and ends with a footer, its length in four bytes, and PAR1. */
const MAGIC = 'PAR1';
const ENCRYPTED_MAGIC = 'PARE';
const END_BYTES = 8;
const MIN_FILE_BYTES = MAGIC.length + END_BYTES;
const MAX_FOOTER_BYTES = 1 << 26;

/** Unpacked, of the columns that are read: they are in memory at once. */
const MAX_GROUP_BYTES = 2 ** 30;
/** Equal rows take no bytes at all; pyarrow writes a million to a group. */
const MAX_GROUP_ROWS = 10_000_000;
/** parquet.thrift, PageHeader: compressed_page_size. */
const PACKED_SIZE_FIELD = 3;
const USUAL_HEADER_BYTES = 1 << 14;

/**
 * Reads the rows of a file.
 *
 * @param paths  names of text columns; a dot leads into a struct. Rows hold at least these
 * @throws {DataError} when the file is none, damaged or packed in an unknown way, or a column is missing or no text
 */
export async function* readParquetRows(
  path: string,
  paths: readonly string[],
): AsyncGenerator<unknown, void, undefined> {
  let handle: FileHandle | null = null;
  let rowStart = 0;
  try {
    handle = await open(path);
    const file = await openBuffer(handle, path);
    const metadata = await parquetMetadataAsync(file, { geoparquet: false });
    const schema = parquetSchema(metadata);
    const columns = [...new Set(paths.map((each) => requireTextColumn(path, schema, each)))];
    requireSoundGroups(path, metadata, columns);
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      await requireSoundPages(file, group, columns);
      yield* await readGroup(file, metadata, columns, rowStart, rowEnd);
      rowStart = rowEnd;
    }
  } catch (error) {
    const isOfSystem = error instanceof Error && 'syscall' in error;
    if (error instanceof DataError || isOfSystem) throw readingError(path, rowStart, error);
    const what = error instanceof Error ? error.message : String(error);
    throw parquetError(path, `after row ${rowStart}: ${what}`, error);
  } finally {
    await handle?.close();
  }
}

async function openBuffer(handle: FileHandle, path: string): Promise<AsyncBuffer> {
  const status = await handle.stat();
  if (status.isDirectory()) throw new DataError(`${path} is a directory; expected a parquet file.`);
  const { size } = status;
  const read = async (start: number, end: number): Promise<Buffer<ArrayBuffer>> => {
    if (!(start >= 0 && start <= end && end <= size)) {
      throw new RangeError(`bytes ${start} to ${end} are asked for; the file has ${size}`);
    }
    const bytes = Buffer.alloc(end - start);
    for (let filled = 0; filled < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
      if (bytesRead === 0) throw new RangeError(`the file ended at byte ${start + filled} of ${size}`);
      filled += bytesRead;
    }
    return bytes;
  };
  if (size < MIN_FILE_BYTES) throw parquetError(path, `it has ${size} bytes`);
  const start = (await read(0, MAGIC.length)).toString('latin1');
  const end = await read(size - END_BYTES, size);
  const mark = end.toString('latin1', END_BYTES - MAGIC.length);
  if (start === ENCRYPTED_MAGIC || mark === ENCRYPTED_MAGIC) throw parquetError(path, 'it is encrypted');
  if (start !== MAGIC) throw parquetError(path, `it starts with ${JSON.stringify(start)}; expected "${MAGIC}"`);
  if (mark !== MAGIC)
    throw parquetError(path, `it ends in ${JSON.stringify(mark)}; expected "${MAGIC}": it was cut off`);
  const footerBytes = end.readUInt32LE(0);
  if (footerBytes > Math.min(MAX_FOOTER_BYTES, size - MIN_FILE_BYTES)) {
    throw parquetError(path, `its footer would have ${footerBytes} bytes`);
  }
  walkThrift(await read(size - END_BYTES - footerBytes, size - END_BYTES));
  return {
    byteLength: size,
    // Buffers of this size own their memory whole.
    slice: async (from, to = size) => (await read(from, to)).buffer,
  };
}

/** hyparquet's own decoder takes U+FEFF off the start of every text. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** @returns the outermost column, which is what can be asked for */
function requireTextColumn(path: string, schema: SchemaTree, name: string): string {
  const column = findColumn(schema, name);
  if (column === null) {
    const fields = schema.children.map(describeColumn);
    throw new DataError(`${path} has no column ${JSON.stringify(name)}; its columns are ${fields.join(', ')}.`, {
      hint: 'Name the columns of the sentences in source_field and target_field; a dot leads into a struct.',
    });
  }
  const { element, children } = column;
  const isText = element.logical_type?.type === 'STRING' || element.converted_type === 'UTF8';
  if (children.length > 0 || element.type !== 'BYTE_ARRAY' || !isText || column.path.length === 0) {
    throw new DataError(
      `${path}: the column ${JSON.stringify(name)} is ${describeType(column)}; expected text (a string column).`,
    );
  }
  return column.path[0] ?? name;
}

function findColumn(schema: SchemaTree, name: string): SchemaTree | null {
  const exact = schema.children.find(({ element }) => element.name === name);
  if (exact !== undefined) return exact;
  const dot = name.indexOf('.');
  const outer = schema.children.find(({ element }) => element.name === name.slice(0, dot));
  return dot < 0 || outer === undefined ? null : findColumn(outer, name.slice(dot + 1));
}

function describeColumn(column: SchemaTree): string {
  const name = JSON.stringify(column.element.name);
  const inner = column.children.map(({ element }) => element.name);
  return inner.length === 0 ? name : `${name} (with ${quoted(inner.slice(0, 20))})`;
}

function describeType({ element, children }: SchemaTree): string {
  if (element.repetition_type === 'REPEATED' || element.converted_type === 'LIST') return 'a list';
  if (children.length > 0) return `a struct of ${quoted(children.map((child) => child.element.name).slice(0, 20))}`;
  return (element.logical_type?.type ?? element.converted_type ?? element.type ?? 'of no type').toLowerCase();
}

function requireSoundGroups(path: string, metadata: FileMetaData, columns: readonly string[]): void {
  let rows = 0;
  for (const [index, group] of metadata.row_groups.entries()) {
    rows += Number(group.num_rows);
    if (group.num_rows < 0n || group.num_rows > MAX_GROUP_ROWS) {
      throw parquetError(
        path,
        `its row group ${index} has ${group.num_rows} rows; at most ${MAX_GROUP_ROWS} are read at once`,
      );
    }
    let unpackedBytes = 0;
    for (const { meta_data: column } of group.columns) {
      if (column === undefined || !columns.includes(column.path_in_schema[0] ?? '')) continue;
      unpackedBytes += Number(column.total_uncompressed_size);
      if (!parquetCodecs.includes(column.codec)) {
        throw parquetError(path, `it is packed with ${column.codec}; expected one of ${parquetCodecs.join(', ')}`);
      }
    }
    if (!(unpackedBytes >= 0 && unpackedBytes <= MAX_GROUP_BYTES)) {
      throw new DataError(
        `${path}: row group ${index} unpacks to ${unpackedBytes} bytes; at most ${MAX_GROUP_BYTES} are read at once.`,
        { hint: 'Write it with smaller groups: pyarrow.parquet.write_table(table, file, row_group_size=100_000)' },
      );
    }
  }
  if (rows !== Number(metadata.num_rows)) {
    throw parquetError(path, `it claims ${metadata.num_rows} rows; its row groups have ${rows}`);
  }
}

/** Walks over the pages of the columns: header, content, header … @throws {RangeError} when a header cannot be read */
async function requireSoundPages(file: AsyncBuffer, group: RowGroup, columns: readonly string[]): Promise<void> {
  for (const { meta_data: column } of group.columns) {
    if (column === undefined || !columns.includes(column.path_in_schema[0] ?? '')) continue;
    const start = Number(column.dictionary_page_offset || column.data_page_offset);
    const end = start + Number(column.total_compressed_size);
    for (let at = start; at < end; ) {
      const header = await walkPageHeader(file, at, end);
      const packedBytes = header.integers.get(PACKED_SIZE_FIELD) ?? -1;
      if (packedBytes < 0) throw new RangeError(`the page at byte ${at} is said to have ${packedBytes} bytes`);
      at += header.end + packedBytes;
    }
  }
}

/** A header takes a few hundred bytes, or more where its statistics hold long texts. */
async function walkPageHeader(file: AsyncBuffer, at: number, end: number): Promise<WalkedStruct> {
  const nearEnd = Math.min(end, at + USUAL_HEADER_BYTES);
  try {
    return walkThrift(new Uint8Array(await file.slice(at, nearEnd)));
  } catch (error) {
    if (nearEnd === end || !(error instanceof RangeError)) throw error;
    return walkThrift(new Uint8Array(await file.slice(at, end)));
  }
}

async function readGroup(
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: string[],
  rowStart: number,
  rowEnd: number,
): Promise<readonly unknown[]> {
  let rows: readonly unknown[] = [];
  await parquetRead({
    file,
    metadata,
    columns,
    rowStart,
    rowEnd,
    rowFormat: 'object',
    compressors: parquetCompressors,
    geoparquet: false,
    parsers: { stringFromBytes: (bytes: Uint8Array) => decoder.decode(bytes) },
    onComplete: (complete) => {
      rows = complete;
    },
  });
  return rows;
}

function parquetError(path: string, what: string, cause?: unknown): DataError {
  return new DataError(`${path} cannot be read as a parquet file: ${what}.`, {
    hint: `Download it anew, or check it with: python -c "import pyarrow.parquet as p; print(p.read_table('${path}').num_rows)"`,
    cause,
  });
}
