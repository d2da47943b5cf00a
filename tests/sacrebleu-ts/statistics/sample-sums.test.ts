import { describe, expect, it } from 'vitest';
import { DefaultRng } from '../../../src/sacrebleu-ts/src/statistics/default-rng.ts';
import { bootstrapSums, swappedSums } from '../../../src/sacrebleu-ts/src/statistics/sample-sums.ts';
import { ResamplingKernel } from '../../../src/sacrebleu-ts/src/web-assembly/resampling-kernel.ts';

/** Rows of made-up counts. */
function rowsOf(segments: number, columns: number, most = 40): number[][] {
  return Array.from({ length: segments }, (_, segment) =>
    Array.from({ length: columns }, (_, column) => (segment * 7 + column * 13 + ((segment * column) % 11)) % most),
  );
}

// Columns on both sides of a pass of four; segments on both sides of a word of coins.
const shapes = [
  { segments: 1, columns: [3] },
  { segments: 2, columns: [1] },
  { segments: 31, columns: [4] },
  { segments: 32, columns: [2, 3] },
  { segments: 33, columns: [10, 10] },
  { segments: 1000, columns: [10, 18, 2, 10, 18, 2] },
];

describe('rows added by WebAssembly', () => {
  it('are added there: an engine with vectors opens the kernel', () => {
    const kernel = new ResamplingKernel([Float64Array.of(1, 2, 4)], 3);
    kernel.position = new DefaultRng(1).position;
    kernel.addSample();
    const drawn = new Int32Array(3);
    new DefaultRng(1).fillIntegers(drawn, 3);
    expect([...kernel.indices]).toEqual([...drawn]);
    expect(kernel.sums[0]).toBe(drawn.reduce((sum, index) => sum + 2 ** index, 0));
  });

  it.each(shapes)('are those JavaScript draws and adds: $segments segments, columns $columns', (shape) => {
    const tracks = shape.columns.map((columns) => rowsOf(shape.segments, columns));
    const [compiled, plain] = [new DefaultRng(7), new DefaultRng(7)];
    // An odd word and a spare half go over with the stream.
    for (const rng of [compiled, plain]) rng.nextUint32();
    const [fast, slow] = [bootstrapSums(tracks, compiled), bootstrapSums(tracks, plain, false)];
    for (let sample = 0; sample < 5; sample++) {
      expect(fast.next().map((sums) => Array.from(sums))).toEqual(slow.next().map((sums) => Array.from(sums)));
    }
    fast.close();
    slow.close();
    expect(compiled.position).toEqual(plain.position);
    expect(compiled.nextUint32()).toBe(plain.nextUint32());
  });

  it.each(shapes)('are those of the same coins: $segments segments, columns $columns', (shape) => {
    const pairs = shape.columns.map((columns) => ({
      baseline: rowsOf(shape.segments, columns),
      system: rowsOf(shape.segments, columns, 31),
    }));
    const [compiled, plain] = [new DefaultRng(7), new DefaultRng(7)];
    const [fast, slow] = [swappedSums(pairs, compiled), swappedSums(pairs, plain, false)];
    for (let trial = 0; trial < 40; trial++) expect(fast.next()).toEqual(slow.next());
    fast.close();
    slow.close();
    expect(compiled.position).toEqual(plain.position);
  });

  it('are the same where a column needs more than 16 bits', () => {
    const widened = (rows: number[][]): number[][] => rows.map((row) => row.map((value) => value * 9973));
    const [baseline, system] = [widened(rowsOf(33, 3)), widened(rowsOf(33, 3, 31))];
    const [fast, slow] = [true, false].map((isCompiled) => bootstrapSums([baseline], new DefaultRng(5), isCompiled));
    const [quick, steady] = [true, false].map((isCompiled) =>
      swappedSums([{ baseline, system }], new DefaultRng(5), isCompiled),
    );
    for (let sample = 0; sample < 5; sample++) {
      expect(Array.from(fast?.next()[0] ?? [])).toEqual(Array.from(slow?.next()[0] ?? []));
      expect(quick?.next()).toEqual(steady?.next());
    }
  });

  it('draws again below the threshold, and counts nothing for the number not taken', () => {
    const [compiled, plain] = [new DefaultRng(2), new DefaultRng(2)];
    // A first word of 0 is below the threshold of every bound that does not divide 2^32.
    for (const rng of [compiled, plain]) rng.position = { ...rng.position, spare: 0 };
    const rows = [[1], [20], [300]];
    const [fast, slow] = [bootstrapSums([rows], compiled), bootstrapSums([rows], plain, false)];
    expect(Array.from(fast.next()[0] ?? [])).toEqual(Array.from(slow.next()[0] ?? []));
    fast.close();
    expect(compiled.position).toEqual(plain.position);
  });

  it('round as float32 where a sum passes 2^24', () => {
    const rows = rowsOf(500, 3, 100_003).map((row) => row.map((value) => value * 997 + 1));
    const [fast, slow] = [bootstrapSums([rows], new DefaultRng(3)), bootstrapSums([rows], new DefaultRng(3), false)];
    for (let sample = 0; sample < 3; sample++) {
      const sums = Array.from(fast.next()[0] ?? []);
      expect(Math.max(...sums)).toBeGreaterThan(2 ** 24);
      expect(sums).toEqual(Array.from(slow.next()[0] ?? []));
    }
  });

  it('are left to JavaScript where they are no whole numbers of 32 bits', () => {
    const tracks = [[[1.5], [2], [3]]];
    const [fast, slow] = [bootstrapSums(tracks, new DefaultRng(3)), bootstrapSums(tracks, new DefaultRng(3), false)];
    expect(Array.from(fast.next()[0] ?? [])).toEqual(Array.from(slow.next()[0] ?? []));
    const large = [{ baseline: [[2 ** 33], [1]], system: [[5], [2 ** 33]] }];
    const [quick, steady] = [swappedSums(large, new DefaultRng(3)), swappedSums(large, new DefaultRng(3), false)];
    expect(quick.next()).toEqual(steady.next());
  });
});
