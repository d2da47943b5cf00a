/**
 * Reads and writes weights in the safetensors format: 8 bytes of header length, a JSON header with type, shape and
 * place of each tensor, then the numbers. All numbers become float32, in which every float16 and bfloat16 is exact.
 */
import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '../../errors.ts';
import { openFile } from '../files/open-file.ts';
import { writeWhole } from '../files/write-whole.ts';
import { widenToFloat32 } from './float-formats.ts';
import { unreadableFile } from './model-file.ts';
import { readRange } from './read-range.ts';
import { parseSafetensorsHeader } from './safetensors-header.ts';

/** A tensor takes about a hundred; what is made of JSON takes many times its room. */
const MAX_HEADER_BYTES = 1 << 24;

/** One weight: its shape and its numbers in row-major order. */
export interface WeightTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface SafetensorsFile {
  /** In the order of the file's header. */
  readonly tensors: Map<string, WeightTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Gives all weights of a file. @throws {ModelError} when it is missing, cut off or damaged */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  let file: FileHandle;
  try {
    file = await openFile(path);
  } catch (cause) {
    throw await unreadableFile(path, cause);
  }
  try {
    return await readTensors(file, path);
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw await unreadableFile(path, cause);
  } finally {
    await file.close();
  }
}

/**
 * Writes weights as float32, ordered by name; the same weights give the same bytes. The file is on the disk when this
 * resolves, and appears under its name only when whole.
 *
 * @throws {ModelError} when it cannot be written, with the system's error as cause; nothing is left under `path`
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, WeightTensor>,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Promise<void> {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape, data }] of sorted) {
    const count = shape.reduce((product, length) => product * length, 1);
    if (count !== data.length) {
      throw new RangeError(`${name} has ${data.length} numbers, its shape [${shape.join(', ')}] needs ${count}`);
    }
    const start = end;
    end += data.byteLength;
    header[name] = { dtype: 'F32', shape, data_offsets: [start, end] };
  }
  await writeWhole(path, async (write) => {
    await write(encodeHeader(header));
    for (const [, { data }] of sorted) await write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
}

/** Its length, then the JSON, padded with spaces so that the numbers start at a multiple of 8 bytes. */
function encodeHeader(header: Record<string, unknown>): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  padded.writeBigUInt64LE(BigInt(padded.length - 8));
  json.copy(padded, 8);
  return padded;
}

async function readTensors(file: FileHandle, path: string): Promise<SafetensorsFile> {
  const { size } = await file.stat();
  const prefix = Buffer.from(await readRange(file, path, 0, Math.min(8, size)));
  const headerSize = prefix.length === 8 ? prefix.readBigUInt64LE() : 0n;
  if (headerSize < 2n || headerSize > BigInt(size - 8)) {
    throw new ModelError(
      `${path} is not a whole safetensors file: it has ${size} bytes, and the first 8 announce a header of ${headerSize}.`,
      { hint: 'The file is cut off or of another format; fetch it again from where the model came from.' },
    );
  }
  if (headerSize > MAX_HEADER_BYTES) {
    throw new ModelError(`${path} has a header of ${headerSize} bytes, at most ${MAX_HEADER_BYTES} are read.`, {
      hint: 'No translation model needs as many: fetch the file again from where the model came from.',
    });
  }
  const dataStart = 8 + Number(headerSize);
  const header = Buffer.from(await readRange(file, path, 8, Number(headerSize)));
  const { entries, metadata } = parseSafetensorsHeader(header, size - dataStart, path);
  const tensors = new Map<string, WeightTensor>();
  for (const { name, format, shape, start, end } of entries) {
    const bytes = await readRange(file, path, dataStart + start, end - start);
    tensors.set(name, { shape, data: widenToFloat32(bytes, format) });
  }
  return { tensors, metadata };
}
