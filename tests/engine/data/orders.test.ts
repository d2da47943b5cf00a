import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { epochOrder, lengthGroupedOrder } from '../../../src/engine/data/epoch-order.ts';
import { permutation } from '../../../src/engine/data/numpy-random.ts';
import { splitIndices } from '../../../src/engine/data/split.ts';
import { randperm } from '../../../src/engine/data/torch-random.ts';
import { DataError } from '../../../src/errors.ts';

const rows = z.array(z.number());
const shuffles = z.array(z.tuple([z.number(), z.number(), rows]));
const size = z.number().nullable();
const sides = <T extends z.ZodType>(side: T) => z.object({ train: side, validation: side });
const fixture = z
  .object({
    permutations: shuffles,
    randperms: shuffles,
    splits: z.array(
      z.tuple([z.number(), size, size, z.number(), z.union([sides(rows), z.object({ error: z.string() })])]),
    ),
    checksums: z.array(z.tuple([z.number(), size, size, z.number(), sides(z.tuple([z.number(), z.number()]))])),
    lengthGroups: z.array(
      z.object({ lengths: rows, batchSize: z.number(), seed: z.number(), epoch: z.number(), order: rows }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../../fixtures/data/orders.json', import.meta.url), 'utf8')));

describe("numpy's permutation", () => {
  it('is the one numpy gives, for seeds of one and two words', () => {
    for (const [n, seed, order] of fixture.permutations) expect([...permutation(n, seed)]).toEqual(order);
  });

  it("is the course's for the 210,173 pairs of KDE4", () => {
    const order = permutation(210_173, 20);
    // Values and digest printed by numpy 2.4.6.
    expect([...order.slice(0, 8)]).toEqual([87681, 82943, 14900, 175875, 36358, 94360, 76060, 151457]);
    expect([...order.slice(21_018, 21_022)]).toEqual([92924, 152754, 164335, 97871]);
    // The training rows that the course shows: train[1] and train[172].
    expect([order[21_018 + 1], order[21_018 + 172]]).toEqual([152_754, 202_607]);
    const digest = createHash('sha256').update(new Uint8Array(order.buffer)).digest('hex');
    expect(digest).toBe('38a505638ae52a897d5f7b7182282b969a96ca8143e452aa97706dd63d52529a');
  });

  it('refuses what is no size or seed', () => {
    expect(() => permutation(-1, 0)).toThrow('n is -1; expected 0 to 2^31 - 1.');
    expect(() => permutation(2, 0.5)).toThrow('seed is 0.5; expected 0 or more.');
  });
});

describe("torch's randperm", () => {
  it('is the one torch gives; of the seed it takes the low 32 bits', () => {
    for (const [n, seed, order] of fixture.randperms) expect(randperm(n, seed)).toEqual(order);
    expect(randperm(50, 2 ** 32 + 7)).toEqual(randperm(50, 7));
  });

  it('refuses what is no size or seed', () => {
    expect(() => randperm(3e8, 0)).toThrow('n is 300000000; expected 0 to 214,748,363.');
    expect(() => randperm(2, -1)).toThrow('seed is -1; expected 0 or more.');
  });
});

describe('the order of an epoch', () => {
  it("is Trainer's: seed 42, 189,155 examples, epochs 0 to 2", () => {
    const starts = [0, 1, 2].map((epoch) => epochOrder({ n: 189_155, seed: 42, epoch }).slice(0, 4));
    expect(starts).toEqual([
      [63422, 86824, 41067, 28337],
      [82728, 156735, 124060, 156468],
      [186707, 71050, 100872, 93136],
    ]);
  });

  it("groups lengths as transformers' get_length_grouped_indices does", () => {
    for (const { lengths, batchSize, seed, epoch, order } of fixture.lengthGroups)
      expect(lengthGroupedOrder({ lengths, batchSize, seed: seed + epoch, words: 0 })).toEqual(order);
    expect(lengthGroupedOrder({ lengths: [], batchSize: 4, seed: 0, words: 0 })).toEqual([]);
    expect(() => lengthGroupedOrder({ lengths: [1], batchSize: 0, seed: 0, words: 0 })).toThrow(
      'batchSize is 0; expected 1 or more.',
    );
  });
});

describe('the split', () => {
  // datasets takes 1 as a count; here it is refused, for it could be meant as everything.
  it(`is that of datasets' train_test_split in ${fixture.splits.length} cases, errors included`, () => {
    for (const [n, trainSize, validationSize, seed, expected] of fixture.splits) {
      const split = () => splitIndices(n, { trainSize, validationSize, seed });
      if ('error' in expected) expect(split, expected.error).toThrow(DataError);
      else expect(split()).toEqual(expected);
    }
  });

  it('is that of datasets for thousands of rows', () => {
    for (const [n, trainSize, validationSize, seed, expected] of fixture.checksums) {
      const { train, validation } = splitIndices(n, { trainSize, validationSize, seed });
      const summarize = (side: number[]) => [
        side.length,
        side.reduce((sum, row, place) => (sum + row * (place + 1)) % 2 ** 31, 0),
      ];
      expect({ train: summarize(train), validation: summarize(validation) }).toEqual(expected);
    }
  });

  it.each([
    [
      { trainSize: 1, validationSize: null },
      'train_size is 1; expected a share between 0 and 1, or a count of pairs between 2 and 9: the corpus has 10.',
    ],
    [
      { trainSize: null, validationSize: 10 },
      'validation_size is 10; expected a share between 0 and 1, or a count of pairs between 2 and 9: the corpus has 10.',
    ],
    [{ trainSize: 2.5, validationSize: null }, 'train_size is 2.5; expected a share'],
    [{ trainSize: -0.5, validationSize: null }, 'train_size is -0.5; expected a share'],
    [{ trainSize: 0.05, validationSize: null }, 'train_size 0.05 of 10 pairs leave none for training.'],
    [{ trainSize: null, validationSize: 0.99 }, 'validation_size 0.99 of 10 pairs leave none for training.'],
    [
      { trainSize: 0.75, validationSize: 0.5 },
      'train_size 0.75 and validation_size 0.5 make 1.25 of the corpus; expected at most 1 in all.',
    ],
    [{ trainSize: 8, validationSize: 3 }, 'train_size 8 and validation_size 3 ask for 8 + 3 pairs; the corpus has 10.'],
  ])('refuses %j of 10 pairs', (sizes, message) => {
    expect(() => splitIndices(10, { ...sizes, seed: 0 })).toThrow(message);
  });

  it.each([
    [1, 'The corpus has 1 pair, too few for a validation_size of 200.'],
    [2, 'The corpus has 2 pairs, too few for a validation_size of 200.'],
  ])('names no counts where none would do: %i', (n, message) => {
    expect(() => splitIndices(n, { trainSize: null, validationSize: 200, seed: 0 })).toThrow(message);
  });

  it('says how to mend a size that leaves nothing', () => {
    let caught: unknown;
    try {
      splitIndices(1, { trainSize: null, validationSize: null, seed: 0 });
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({
      message: 'validation_size 0.25 (the default) of 1 pairs leave none for training.',
      hint: 'Change data.validation_size, or use a larger corpus.',
    });
  });
});
