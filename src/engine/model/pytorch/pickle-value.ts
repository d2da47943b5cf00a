/** What the pickle of a PyTorch file may build: plain containers, and descriptions of storages and tensors. */
import type { FloatFormat } from '../float-formats.ts';

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleTuple
  | PickleList
  | PickleDict
  | TorchGlobal
  | TorchStorage
  | TorchTensor;

export interface PickleTuple {
  readonly type: 'tuple';
  readonly items: readonly PickleValue[];
}

export interface PickleList {
  readonly type: 'list';
  readonly items: PickleValue[];
}

/** A dict or an OrderedDict: in Python they hold the same entries. */
export interface PickleDict {
  readonly type: 'dict';
  readonly entries: Map<string, PickleValue>;
}

/** A name from the list of those that may stand in a file; it is a word, not the thing it names in Python. */
export interface TorchGlobal {
  readonly type: 'global';
  /** Module and name, such as `torch.FloatStorage`. */
  readonly name: string;
}

/** Numbers somewhere in the file. */
export interface TorchStorage {
  readonly type: 'storage';
  /** Tells the storages of a file apart. */
  readonly key: string;
  readonly numbers: NumberType;
  /** How many numbers the pickle says there are. */
  readonly count: number;
}

export interface NumberType {
  /** As PyTorch calls it. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Null for numbers that no weight is made of. */
  readonly format: FloatFormat | null;
  readonly isInteger: boolean;
}

/** A view of a storage; offset and strides count numbers, and every element lies inside the storage. */
export interface TorchTensor {
  readonly type: 'tensor';
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}
