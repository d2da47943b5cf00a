/**
 * The form torch.save wrote before 1.6: five pickles (a magic number, a version, the system, the saved object, the keys
 * of its storages), then each storage in the order of the keys, as a count of 8 bytes and the numbers.
 */
import type { FileHandle } from 'node:fs/promises';
import { readRange } from '../read-range.ts';
import { damagedFile, quoted, unsupportedFile } from './file-faults.ts';
import type { PickleValue, TorchStorage } from './pickle-value.ts';
import { storagesOf } from './storages-of.ts';
import { MAX_PICKLE_BYTES, type TorchArchive } from './torch-archive.ts';
import { unpickle } from './unpickle.ts';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;

/** @param size bytes of the file. @throws {ModelError} */
export async function openLegacyArchive(file: FileHandle, path: string, size: number): Promise<TorchArchive> {
  const head = Buffer.from((await readRange(file, path, 0, Math.min(size, MAX_PICKLE_BYTES))).buffer);
  let end = 0;
  const next = (): PickleValue => {
    const read = unpickle(head, end, { path, fileOffset: 0 });
    end = read.end;
    return read.value;
  };
  if (next() !== MAGIC) throw unsupportedFile(path, 'is a pickle, but not one of PyTorch: it has another magic number');
  const version = next();
  if (version !== VERSION) throw unsupportedFile(path, `has the version ${String(version)}, expected ${VERSION}`);
  const system = next();
  if (typeof system === 'object' && system?.type === 'dict' && system.entries.get('little_endian') === false) {
    throw unsupportedFile(path, 'has big-endian numbers, expected little-endian ones');
  }
  const value = next();
  const keys = next();
  const starts = await findStorages({ file, path, size, from: end, keys: textsOf(keys, path), value });
  return {
    value,
    async locate(key) {
      const start = starts.get(key);
      if (start === undefined) throw damagedFile(path, `it has no numbers for the storage ${quoted(key)}`);
      return start;
    },
  };
}

function textsOf(keys: PickleValue, path: string): string[] {
  const items = typeof keys === 'object' && keys?.type === 'list' ? keys.items : [null];
  return items.map((key) => {
    if (typeof key === 'string') return key;
    throw damagedFile(path, 'it has no list of its storages');
  });
}

/** Walks over the storages, whose sizes follow from the tensors that need them. */
async function findStorages({
  file,
  path,
  size,
  from,
  keys,
  value,
}: {
  readonly file: FileHandle;
  readonly path: string;
  readonly size: number;
  readonly from: number;
  readonly keys: readonly string[];
  readonly value: PickleValue;
}): Promise<Map<string, number>> {
  const storages: ReadonlyMap<string, TorchStorage> = storagesOf(value, path);
  const starts = new Map<string, number>();
  let position = from;
  for (const key of keys) {
    const storage = storages.get(key);
    if (storage === undefined) throw damagedFile(path, `no tensor needs the storage ${quoted(key)} it has`);
    const end = position + 8 + storage.count * storage.numbers.sizeBytes;
    if (end > size) {
      throw damagedFile(
        path,
        `the storage ${quoted(key)} needs the bytes ${position} to ${end}, but the file has ${size}`,
      );
    }
    const count = Buffer.from(await readRange(file, path, position, 8)).readBigInt64LE();
    if (count !== BigInt(storage.count)) {
      throw damagedFile(
        path,
        `the storage ${quoted(key)} at byte ${position} has ${count} numbers, but its tensors need ${storage.count}`,
      );
    }
    starts.set(key, position + 8);
    position = end;
  }
  return starts;
}
