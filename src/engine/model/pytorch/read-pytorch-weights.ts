/**
 * Reads weights that torch.save wrote (`pytorch_model.bin`), without PyTorch and without running anything the file
 * names. Both of its forms are read: zip (since 1.6) and the stream of pickles before; the tar files of 2016 are not.
 */
import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '../../../errors.ts';
import { openFile } from '../../files/open-file.ts';
import { type FloatFormat, widenToFloat32 } from '../float-formats.ts';
import { unreadableFile } from '../model-file.ts';
import { readRange } from '../read-range.ts';
import type { WeightTensor } from '../safetensors.ts';
import { quoted, unsupportedFile } from './file-faults.ts';
import { elementCount, gatherElements, isContiguous } from './gather-elements.ts';
import { openLegacyArchive } from './open-legacy-archive.ts';
import { openZipArchive } from './open-zip-archive.ts';
import type { TorchStorage, TorchTensor } from './pickle-value.ts';
import { storagesOf, tensorsOf } from './storages-of.ts';
import type { TorchArchive } from './torch-archive.ts';

/**
 * Gives all weights of a file as float32, in its order. Tensors of whole numbers, such as position ids, are left out.
 * Tensors that share their numbers in the file share them here too: do not write to them.
 *
 * @throws {ModelError} when the file is missing, cut off, damaged, or holds anything but tensors
 */
export async function readPytorchWeights(path: string): Promise<Map<string, WeightTensor>> {
  let file: FileHandle;
  try {
    file = await openFile(path);
  } catch (cause) {
    throw await unreadableFile(path, cause);
  }
  try {
    const { size } = await file.stat();
    return await readTensors(await openArchive(file, path, size), file, path, size);
  } catch (cause) {
    throw cause instanceof ModelError ? cause : await unreadableFile(path, cause);
  } finally {
    await file.close();
  }
}

async function openArchive(file: FileHandle, path: string, size: number): Promise<TorchArchive> {
  const head = Buffer.from(await readRange(file, path, 0, Math.min(size, 512)));
  if (head.toString('latin1', 0, 4) === 'PK\x03\x04') return await openZipArchive(file, path, size);
  if (head[0] === 0x80) return await openLegacyArchive(file, path, size);
  if (head.toString('latin1', 257, 262) === 'ustar') {
    throw unsupportedFile(path, 'is a tar file, as PyTorch wrote before 2017, which bleubird does not read');
  }
  throw unsupportedFile(path, `(${size} bytes) is no file of PyTorch: it begins with neither a zip file nor a pickle`);
}

async function readTensors(
  archive: TorchArchive,
  file: FileHandle,
  path: string,
  size: number,
): Promise<Map<string, WeightTensor>> {
  const tensors = [...tensorsOf(archive.value, path)].filter(([, { storage }]) => !storage.numbers.isInteger);
  const byKey = Map.groupBy(tensors, ([, { storage }]) => storage.key);
  const budget = { bytes: size, elements: size };
  const weights = new Map<string, WeightTensor>();
  for (const storage of storagesOf(archive.value, path).values()) {
    const views = byKey.get(storage.key);
    if (views === undefined) continue;
    const format = requireFormat(storage, views[0]?.[0] ?? '', path);
    const sizeBytes = storage.count * storage.numbers.sizeBytes;
    const start = await archive.locate(storage.key, sizeBytes);
    budget.bytes -= sizeBytes;
    if (budget.bytes < 0) {
      throw unsupportedFile(path, `has storages that overlap: they are larger than the file, which has ${size} bytes`);
    }
    const numbers = widenToFloat32(await readRange(file, path, start, sizeBytes), format);
    for (const [name, weight] of viewsOf(numbers, views, path, budget)) weights.set(name, weight);
  }
  return inOrder(weights, tensors);
}

function requireFormat({ numbers }: TorchStorage, name: string, path: string): FloatFormat {
  if (numbers.format !== null) return numbers.format;
  throw unsupportedFile(
    path,
    `has numbers of type ${numbers.name} in ${quoted(name)}; bleubird reads float32, float16, bfloat16`,
  );
}

/** Equal views give one and the same array, so that tied weights take their memory once. */
function* viewsOf(
  numbers: Float32Array,
  views: readonly (readonly [string, TorchTensor])[],
  path: string,
  budget: { elements: number },
): Generator<[string, WeightTensor]> {
  const copies = new Map<string, Float32Array>();
  for (const [name, tensor] of views) {
    const { offset, shape, strides } = tensor;
    const count = elementCount(shape);
    if (isContiguous(tensor)) {
      yield [name, { shape, data: numbers.subarray(offset, offset + count) }];
      continue;
    }
    const place = JSON.stringify([offset, shape, strides]);
    let data = copies.get(place);
    if (data === undefined) {
      // A file of sane views needs less: each of its elements takes two bytes or more.
      budget.elements -= count;
      if (budget.elements < 0) throw unsupportedFile(path, `takes more memory than fits its size at ${quoted(name)}`);
      data = gatherElements(numbers, tensor);
      copies.set(place, data);
    }
    yield [name, { shape, data }];
  }
}

function inOrder(
  weights: ReadonlyMap<string, WeightTensor>,
  tensors: readonly (readonly [string, TorchTensor])[],
): Map<string, WeightTensor> {
  const ordered = new Map<string, WeightTensor>();
  for (const [name] of tensors) {
    const weight = weights.get(name);
    if (weight !== undefined) ordered.set(name, weight);
  }
  return ordered;
}
