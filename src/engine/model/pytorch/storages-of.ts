/** The tensors of a state dict, and the storages they are views of. */
import { damagedFile, quoted, unsupportedFile } from './file-faults.ts';
import type { PickleValue, TorchStorage, TorchTensor } from './pickle-value.ts';

/**
 * Gives the tensors of a saved object by name.
 *
 * @param path names the file in errors
 * @throws {ModelError} when it is no dictionary of tensors
 */
export function tensorsOf(value: PickleValue, path: string): Map<string, TorchTensor> {
  if (typeof value !== 'object' || value?.type !== 'dict') {
    throw unsupportedFile(path, 'holds no dictionary of tensors');
  }
  const tensors = new Map<string, TorchTensor>();
  for (const [name, entry] of value.entries) {
    if (typeof entry !== 'object' || entry?.type !== 'tensor') {
      throw unsupportedFile(
        path,
        `holds ${quoted(name)}, which is no tensor; expected a model's weights and nothing else`,
      );
    }
    tensors.set(name, entry);
  }
  return tensors;
}

/** Gives the storages of all tensors by key. @throws {ModelError} as `tensorsOf`, and when two disagree about one */
export function storagesOf(value: PickleValue, path: string): Map<string, TorchStorage> {
  const storages = new Map<string, TorchStorage>();
  for (const { storage } of tensorsOf(value, path).values()) {
    const { key, numbers, count } = storage;
    const known = storages.get(key) ?? storage;
    if (known.numbers !== numbers || known.count !== count) {
      throw damagedFile(
        path,
        `the storage ${quoted(key)} is said to hold ${known.count} ${known.numbers.name} and ${count} ${numbers.name}`,
      );
    }
    storages.set(key, known);
  }
  return storages;
}
