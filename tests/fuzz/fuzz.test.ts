/** A short round of the fuzzer in this process; `npm run fuzz` is the long one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutated, problemOf } from './fuzz-reader.ts';
import { Random } from './random.ts';
import { allReaders } from './readers/all-readers.ts';

const INPUTS = 40;

describe('a reader given spoiled inputs', () => {
  it.each(allReaders)('answers in errors of ours: $name', async (reader) => {
    const folder = mkdtempSync(join(tmpdir(), 'bleubird-fuzz-test-'));
    const random = new Random(20);
    const seeds = reader.seeds();
    const inputs = [...seeds, ...Array.from({ length: INPUTS }, () => mutated(reader, seeds, random))];
    try {
      for (const input of inputs) expect(await problemOf(reader, input, folder, false)).toBeNull();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the fuzzer', () => {
  it('makes the same inputs of the same seed', () => {
    for (const reader of allReaders) {
      const [once, again] = [new Random(3), new Random(3)].map((random) =>
        Array.from({ length: 20 }, () => mutated(reader, reader.seeds(), random).toString('base64')),
      );
      expect(once).toEqual(again);
    }
  });

  it('takes what is no AppError for a finding', async () => {
    const read = () => {
      throw new RangeError('from the bowels');
    };
    const found = await problemOf({ name: 'x', seeds: () => [], read }, Buffer.alloc(0), '');
    expect(found).toMatchObject({ kind: 'error', detail: expect.stringContaining('from the bowels') });
  });
});
