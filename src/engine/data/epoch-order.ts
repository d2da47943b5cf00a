/** The order in which Hugging Face's Trainer goes through the training examples. */
import { randperm } from './torch-random.ts';

/**
 * The order of an epoch as accelerate's SeedableRandomSampler gives it: shuffled anew each epoch.
 *
 * @param epoch counted from 0
 */
export function epochOrder({ n, seed, epoch }: { n: number; seed: number; epoch: number }): number[] {
  return randperm(n, seed + epoch);
}

/**
 * The order of `group_by_length`, as transformers' `get_length_grouped_indices`: shuffled, then sorted by falling length
 * inside stretches of up to 50 batches, with the longest example of all first, so that memory runs out early or never.
 *
 * @param lengths   of each example, in pieces
 * @param batchSize examples of an optimizer step
 * @param words     drawn from the seed's stream before the shuffle, of 32 bits
 */
export function lengthGroupedOrder(options: {
  lengths: readonly number[];
  batchSize: number;
  seed: number;
  words: number;
}): number[] {
  const { lengths, batchSize, seed, words } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new RangeError(`batchSize is ${batchSize}; expected 1 or more.`);
  const lengthOf = (index: number | undefined): number => lengths[index ?? -1] ?? 0;
  const shuffled = randperm(lengths.length, seed, words);
  const stretch = batchSize * Math.max(Math.min(Math.floor(lengths.length / (batchSize * 4)), 50), 1);

  const order: number[] = [];
  for (let start = 0; start < shuffled.length; start += stretch) {
    // Both this sort and Python's keep the order of equals.
    order.push(...shuffled.slice(start, start + stretch).sort((a, b) => lengthOf(b) - lengthOf(a)));
  }
  let longest = 0;
  for (let start = 0; start < order.length; start += stretch) {
    if (lengthOf(order[start]) > lengthOf(order[longest])) longest = start;
  }
  const [first] = order;
  const other = order[longest];
  if (first !== undefined && other !== undefined) {
    order[0] = other;
    order[longest] = first;
  }
  return order;
}
