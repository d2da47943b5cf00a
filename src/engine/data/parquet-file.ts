/**
 * A parquet file as rows of the columns asked for, one page of each in memory at a time. hyparquet trusts what it reads, so
 * what a file claims of itself is checked first, and whatever goes wrong after is told as a DataError.
 */
import type { FileHandle } from 'node:fs/promises';
import {
  type AsyncBuffer,
  type ColumnMetaData,
  type FileMetaData,
  parquetMetadataAsync,
  parquetSchema,
  type RowGroup,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet';
import { getTreePath } from 'hyparquet/src/schema.js';
import { DataError } from '../../errors.ts';
import { openFile } from '../files/open-file.ts';
import { UnfitFileError } from '../files/read-small-file.ts';
import { CellQueue, readTextPages, type TextCell } from './parquet-column.ts';
import { parquetCodecs } from './parquet-compressors.ts';
import { readingError } from './read-bytes.ts';
import { pairOfRow, quoted, type RowProblem, type SentencePaths } from './row-pairs.ts';
import { walkThrift } from './walk-thrift.ts';

/** A file starts with PAR1 and ends with a footer, its length in four bytes, and PAR1. */
const MAGIC = 'PAR1';
const ENCRYPTED_MAGIC = 'PARE';
const END_BYTES = 8;
const MIN_FILE_BYTES = MAGIC.length + END_BYTES;
const MAX_FOOTER_BYTES = 1 << 26;

/** The sentences of a row, or why it has none. */
export type ParquetPair = { readonly source: string; readonly target: string } | RowProblem;

/**
 * Reads the sentences of each row of a file, some thousand rows at a time.
 *
 * @param paths  names of text columns; a dot leads into a struct, or a text that is a JSON object
 * @throws {DataError} when the file is none, damaged or packed in an unknown way, or a column is missing or no text
 */
export async function* readParquetPairs(
  path: string,
  paths: SentencePaths,
): AsyncGenerator<readonly ParquetPair[], void, undefined> {
  let handle: FileHandle | null = null;
  let rowStart = 0;
  try {
    handle = await openFile(path);
    const file = await openBuffer(handle, path);
    const metadata = await parquetMetadataAsync(file, { geoparquet: false });
    const schema = parquetSchema(metadata);
    const source = requireTextColumn(path, schema, paths.source);
    const target = requireTextColumn(path, schema, paths.target);
    requireSoundGroups(path, metadata, [source, target]);
    const isJson = source.isJson || target.isJson;
    const pairOf = (sourceCell: TextCell, targetCell: TextCell): ParquetPair => {
      if (!isJson && typeof sourceCell === 'string' && typeof targetCell === 'string') {
        return { source: sourceCell, target: targetCell };
      }
      const row: Row = Object.create(null);
      putCell(row, source, sourceCell);
      putCell(row, target, targetCell);
      return pairOfRow(row, paths);
    };
    for (const group of metadata.row_groups) {
      const rows = Number(group.num_rows);
      const openColumn = (column: TextColumn): CellQueue =>
        new CellQueue(readTextPages(file, requireChunk(group, column), column.nullable.length, rows));
      const [sources, targets] = [openColumn(source), openColumn(target)];
      for (const groupEnd = rowStart + rows; rowStart < groupEnd; ) {
        const count = Math.min(await sources.ready(), await targets.ready());
        const targetCells = targets.take(count);
        yield sources.take(count).map((cell, row) => pairOf(cell, targetCells[row] ?? 0));
        rowStart += count;
      }
    }
  } catch (error) {
    const isOfSystem = error instanceof Error && 'syscall' in error;
    if (error instanceof DataError || error instanceof UnfitFileError || isOfSystem)
      throw readingError(path, rowStart, error);
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

interface TextColumn {
  /** From the outermost column inwards. */
  readonly names: readonly string[];
  /** Which of them may be null, by place. */
  readonly nullable: readonly number[];
  /** Whether its texts are JSON, in which the rest of the path leads on. */
  readonly isJson: boolean;
}

function requireTextColumn(path: string, schema: SchemaTree, name: string): TextColumn {
  const column = findColumn(schema, name);
  if (column === null) {
    const fields = schema.children.map(describeColumn);
    throw new DataError(`${path} has no column ${JSON.stringify(name)}; its columns are ${fields.join(', ')}.`, {
      hint: 'Name the columns of the sentences in source_field and target_field; a dot leads into a struct.',
    });
  }
  const { element, children, path: names } = column;
  const way = getTreePath(schema, names).slice(1);
  const isRepeated = way.some((each) => each.element.repetition_type === 'REPEATED');
  if (children.length > 0 || !isText(element) || names.length === 0 || isRepeated) {
    const type = isRepeated && describeType(column) !== 'a list' ? 'in a list' : describeType(column);
    throw new DataError(`${path}: the column ${JSON.stringify(name)} is ${type}; expected text (a string column).`);
  }
  const nullable = way.flatMap((each, place) => (each.element.repetition_type === 'REQUIRED' ? [] : [place]));
  return { names, nullable, isJson: names.join('.') !== name };
}

function findColumn(schema: SchemaTree, name: string): SchemaTree | null {
  const exact = schema.children.find(({ element }) => element.name === name);
  if (exact !== undefined) return exact;
  const dot = name.indexOf('.');
  const outer = schema.children.find(({ element }) => element.name === name.slice(0, dot));
  if (dot < 0 || outer === undefined) return null;
  return isText(outer.element) ? outer : findColumn(outer, name.slice(dot + 1));
}

function isText({ type, logical_type, converted_type }: SchemaElement): boolean {
  return type === 'BYTE_ARRAY' && (logical_type?.type === 'STRING' || converted_type === 'UTF8');
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

function requireSoundGroups(path: string, metadata: FileMetaData, columns: readonly TextColumn[]): void {
  let rows = 0;
  for (const group of metadata.row_groups) {
    rows += Number(group.num_rows);
    if (group.num_rows < 0n) throw parquetError(path, `a row group has ${group.num_rows} rows`);
    for (const { codec } of columns.map((column) => requireChunk(group, column))) {
      if (parquetCodecs.includes(codec)) continue;
      throw new DataError(`${path} is packed with ${codec}; expected one of ${parquetCodecs.join(', ')}.`, {
        hint: `Write it anew: pyarrow.parquet.write_table(pyarrow.parquet.read_table('${path}'), 'new.parquet')`,
      });
    }
  }
  if (rows !== Number(metadata.num_rows)) {
    throw parquetError(path, `it claims ${metadata.num_rows} rows; its row groups have ${rows}`);
  }
}

/** @throws {RangeError} when the group has no such column in this file */
function requireChunk(group: RowGroup, { names }: TextColumn): ColumnMetaData {
  const isSame = (found: readonly string[]): boolean =>
    found.length === names.length && found.every((name, place) => name === names[place]);
  const chunk = group.columns.find(({ meta_data }) => meta_data !== undefined && isSame(meta_data.path_in_schema));
  if (chunk?.meta_data === undefined || chunk.file_path !== undefined) {
    throw new RangeError(`a row group has no column ${names.join('.')}`);
  }
  return chunk.meta_data;
}

interface Row {
  [name: string]: Row | string | null;
}

/** Puts a text where its path leads to, or null where the way there ends. */
function putCell(row: Row, { names, nullable }: TextColumn, cell: TextCell): void {
  const depth = typeof cell === 'string' ? names.length - 1 : (nullable[cell] ?? 0);
  let inner = row;
  for (let level = 0; level < depth; level++) {
    const name = names[level] ?? '';
    const next = inner[name] ?? Object.create(null);
    inner[name] = next;
    inner = next;
  }
  inner[names[depth] ?? ''] = typeof cell === 'string' ? cell : null;
}

function parquetError(path: string, what: string, cause?: unknown): DataError {
  return new DataError(`${path} cannot be read as a parquet file: ${what}.`, {
    hint: `Download it anew, or check it with: python -c "import pyarrow.parquet as p; print(p.read_table('${path}').num_rows)"`,
    cause,
  });
}
