/** A file of torch.save, whichever form it has: what it describes, and where in it the numbers are. */
import type { PickleValue } from './pickle-value.ts';

export interface TorchArchive {
  /** The saved object: for weights a dictionary of tensors. */
  readonly value: PickleValue;
  /** Gives where a storage's numbers begin. @throws {ModelError} when the file has not `sizeBytes` of them */
  locate(key: string, sizeBytes: number): Promise<number>;
}

/** Most bytes of one pickle; that of 10,000 tensors has about one million. */
export const MAX_PICKLE_BYTES = 2 ** 24;
