import { DataError } from '../../errors.ts';
import { permutation } from './numpy-random.ts';

export interface SplitSizes {
  /** Above 1 a count, below 1 a share of `n`; null where the other decides. */
  readonly trainSize: number | null;
  readonly validationSize: number | null;
}

export interface Split {
  /** Rows of the corpus, 0-based, in the order of training before any shuffle. */
  readonly train: number[];
  readonly validation: number[];
}

/**
 * Splits n rows exactly as `datasets`' `train_test_split(test_size, train_size, seed)`: the held-out rows come first in
 * numpy's permutation, the training rows after them. With neither size a quarter is held out; with both, rows may be
 * left over.
 *
 * @throws {DataError} when a size is out of range or leaves a side empty
 */
export function splitIndices(n: number, { seed, ...sizes }: SplitSizes & { readonly seed: number }): Split {
  const { train, validation } = splitCounts(n, sizes);
  const order = [...permutation(n, seed)];
  return { validation: order.slice(0, validation), train: order.slice(validation, validation + train) };
}

/** The rows of each side. Shares: the training side is rounded down, the held-out side up. */
function splitCounts(n: number, sizes: SplitSizes): { train: number; validation: number } {
  const { trainSize } = sizes;
  const validationSize = sizes.validationSize ?? (trainSize === null ? 0.25 : null);
  requireInRange('train_size', trainSize, n);
  requireInRange('validation_size', validationSize, n);
  const given = describeSizes(sizes);
  if (isShare(trainSize) && isShare(validationSize) && trainSize + validationSize > 1) {
    throw new DataError(`${given} make ${trainSize + validationSize} of the corpus; expected at most 1 in all.`);
  }
  const validationGiven = validationSize === null ? null : rowsOf(validationSize, n, Math.ceil);
  const trainGiven = trainSize === null ? null : rowsOf(trainSize, n, Math.floor);
  const train = trainGiven ?? n - (validationGiven ?? 0);
  const validation = validationGiven ?? n - train;
  if (train + validation > n) {
    throw new DataError(`${given} ask for ${train} + ${validation} pairs; the corpus has ${n}.`);
  }
  if (train === 0) {
    throw new DataError(`${given} of ${n} pairs leave none for training.`, {
      hint: `Change data.${trainSize === null ? 'validation_size' : 'train_size'}, or use a larger corpus.`,
    });
  }
  return { train, validation };
}

function requireInRange(name: string, size: number | null, n: number): void {
  if (size === null || isShare(size) || (Number.isInteger(size) && size > 1 && size < n)) return;
  if (n < 3) {
    throw new DataError(`The corpus has ${n === 1 ? '1 pair' : `${n} pairs`}, too few for a ${name} of ${size}.`, {
      hint: 'Give more pairs, or see what was left out of the corpus.',
    });
  }
  throw new DataError(
    `${name} is ${size}; expected a share between 0 and 1, or a count of pairs between 2 and ${n - 1}: the corpus has ${n}.`,
    { hint: `Change data.${name} in the experiment.` },
  );
}

function isShare(size: number | null): size is number {
  return size !== null && size > 0 && size < 1;
}

function rowsOf(size: number, n: number, round: (value: number) => number): number {
  return isShare(size) ? round(size * n) : size;
}

function describeSizes({ trainSize, validationSize }: SplitSizes): string {
  const parts = [
    ...(trainSize === null ? [] : [`train_size ${trainSize}`]),
    ...(validationSize === null ? [] : [`validation_size ${validationSize}`]),
  ];
  return parts.length === 0 ? 'validation_size 0.25 (the default)' : parts.join(' and ');
}
