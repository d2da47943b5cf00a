import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import { fusedOps } from '../../../src/engine/model/ops/current-ops.ts';
import type { AttentionOptions, Dropout, FusedOps } from '../../../src/engine/model/ops/fused-ops.ts';
import { expectClose, randomTensor } from '../model/ops/finite-differences.ts';
import { isAddonBuilt, type Outputs, openNativeForTests, runnableIsas, runTidily } from './native-support.ts';

const DROPOUT: Dropout = { rate: 0.3, seedKey: -123456789, siteKey: 987654321 };

const startsOf = (lengths: readonly number[]): Int32Array =>
  Int32Array.from([0, ...lengths], (_, index) => lengths.slice(0, index).reduce((sum, length) => sum + length, 0));

interface Case extends Pick<AttentionOptions, 'heads' | 'isCausal' | 'dropout'> {
  readonly headSize: number;
  readonly queryLengths: readonly number[];
  readonly keyLengths: readonly number[];
  /** Multiplies the queries. */
  readonly factor: number;
}

const SELF = { queryLengths: [1, 2, 17, 5], keyLengths: [1, 2, 17, 5] };
const CROSS = { queryLengths: [3, 1, 2, 20], keyLengths: [17, 1, 40, 2] };
/** More queries than one block of 48 holds. */
const LONG = { queryLengths: [48, 113], keyLengths: [48, 113] };

const CASES: Record<string, Case> = Object.fromEntries(
  [4, 20, 32, 64].flatMap((headSize) =>
    Object.entries({ SELF, CROSS, LONG }).flatMap(([name, lengths]) =>
      [true, false]
        .filter((isCausal) => !(isCausal && name === 'CROSS'))
        .flatMap((isCausal) =>
          [DROPOUT, null].map((dropout): [string, Case] => [
            `${name} of heads of ${headSize}${isCausal ? ', causal' : ''}${dropout === null ? '' : ', dropout'}`,
            { ...lengths, headSize, heads: 3, isCausal, dropout, factor: 1 },
          ]),
        ),
    ),
  ),
);
for (const headSize of [1, 3, 5, 7]) {
  const one = { ...SELF, headSize, heads: 3, isCausal: true, dropout: DROPOUT, factor: 1 };
  CASES[`heads of ${headSize}`] = one;
  CASES[`heads of ${headSize} across`] = { ...one, ...CROSS, isCausal: false };
}
CASES['scores all equal'] = { ...SELF, headSize: 20, heads: 2, isCausal: false, dropout: null, factor: 0 };

function inputsOf({ queryLengths, keyLengths, heads, headSize, factor }: Case) {
  const width = heads * headSize;
  const rows = (lengths: readonly number[]): number => lengths.reduce((sum, length) => sum + length, 0);
  const random = (lengths: readonly number[], seed: number) =>
    randomTensor([rows(lengths), width], seed) as tf.Tensor2D;
  return {
    query: tf.mul<tf.Tensor2D>(random(queryLengths, 1), factor),
    key: random(keyLengths, 2),
    value: random(keyLengths, 3),
    gradOutput: random(queryLengths, 4),
  };
}

function optionsOf({ queryLengths, keyLengths, heads, isCausal, dropout }: Case): AttentionOptions {
  return { heads, isCausal, dropout, queryStarts: startsOf(queryLengths), keyStarts: startsOf(keyLengths) };
}

function runCase(ops: FusedOps, one: Case): Outputs {
  const { query, key, value, gradOutput } = inputsOf(one);
  const { output, saved } = ops.attention(query, key, value, optionsOf(one));
  const gradients = ops.attentionBackward(gradOutput, { query, key, value, output, saved }, optionsOf(one));
  return {
    output: output.dataSync(),
    gradQuery: gradients.query.dataSync(),
    gradKey: gradients.key.dataSync(),
    gradValue: gradients.value.dataSync(),
  };
}

const runCases = (): Record<string, Outputs> =>
  Object.fromEntries(Object.entries(CASES).map(([name, one]) => [name, runTidily((ops) => runCase(ops, one))]));

describe.skipIf(!isAddonBuilt)('native attention', () => {
  let expected: Record<string, Outputs> = {};

  beforeAll(async () => {
    await openBackend('wasm');
    expected = runCases();
  });

  it.each(runnableIsas())('computes on %s what the composed one computes', async (isa) => {
    await openNativeForTests({ isa });
    for (const [name, outputs] of Object.entries(runCases())) {
      for (const [output, values] of Object.entries(outputs)) {
        expectClose(values, expected[name]?.[output] ?? [], 1e-5, `${name}: ${output}`); // other order of float32 sums
      }
    }
  });

  it.each(runnableIsas())('computes the same bits on %s with 1, 2 and 3 threads', async (isa) => {
    await openNativeForTests({ isa });
    const one = runCases();
    for (const threads of [2, 3]) {
      await openNativeForTests({ isa, threads });
      expect(runCases()).toEqual(one);
    }
  });

  it('gives a sequence the same bits whatever its neighbours', async () => {
    await openNativeForTests();
    const run = (lengths: readonly number[], from: number, to: number) =>
      runTidily((ops) => {
        const x = (seed: number) => tf.slice(randomTensor([30, 32], seed) as tf.Tensor2D, [from, 0], [to - from, 32]);
        const starts = startsOf(lengths);
        const options = { heads: 2, isCausal: true, dropout: null, queryStarts: starts, keyStarts: starts };
        return { output: ops.attention(x(1), x(2), x(3), options).output.dataSync() };
      });
    const all = Array.from(run([7, 13, 10], 0, 30).output ?? []);
    expect(all.slice(7 * 32, 20 * 32)).toEqual(Array.from(run([13], 7, 20).output ?? []));
  });

  it.each(runnableIsas())('takes empty sequences, and none at all, on %s', async (isa) => {
    await openNativeForTests({ isa, threads: 2 });
    const one = { headSize: 5, heads: 2, isCausal: true, dropout: DROPOUT, factor: 1 };
    const run = (lengths: readonly number[]): Outputs =>
      runTidily((ops) => runCase(ops, { ...one, queryLengths: lengths, keyLengths: lengths }));
    const none = new Float32Array();
    const ofNothing = { output: none, gradQuery: none, gradKey: none, gradValue: none };
    expect([run([]), run([0]), run([0, 0])]).toEqual([ofNothing, ofNothing, ofNothing]);
    expect(run([0, 3, 0, 9, 0])).toEqual(run([3, 9]));
  });

  it('stays finite where scores are huge, and picks the greatest', async () => {
    await openNativeForTests();
    const { output } = runTidily((ops) => {
      const starts = Int32Array.of(0, 3);
      const query = tf.fill([3, 5], 1.1e15) as tf.Tensor2D; // 1/√5 is not exact: it must come after the greatest is taken off
      const rowsOf = (values: number[]) =>
        tf.tensor2d(
          values.flatMap((x) => new Array<number>(5).fill(x)),
          [3, 5],
        );
      const [key, value] = [rowsOf([1.3e15, 3.7e15, 2.1e15]), rowsOf([1, 2, 3])];
      const options = { heads: 1, isCausal: false, dropout: null, queryStarts: starts, keyStarts: starts };
      return { output: ops.attention(query, key, value, options).output.dataSync() };
    });
    expect(Array.from(output ?? [])).toEqual(new Array(15).fill(2));
  });

  it('passes NaN on, to its own sequence and head only', async () => {
    await openNativeForTests();
    const { output } = runTidily((ops) => {
      const queryStarts = Int32Array.of(0, 2, 4);
      const options = { heads: 2, isCausal: false, dropout: null, queryStarts, keyStarts: queryStarts };
      const key = tf.tensor2d([Number.NaN, ...new Array(15).fill(1)], [4, 4]);
      const ones = tf.ones([4, 4]) as tf.Tensor2D;
      return { output: ops.attention(ones, key, ones, options).output.dataSync() };
    });
    const areNumbers = Array.from(output ?? [], (x) => !Number.isNaN(x));
    expect(areNumbers).toEqual([false, false, true, true, false, false, ...new Array(10).fill(true)]);
  });

  it('refuses sequences that do not fit the rows', async () => {
    await openNativeForTests();
    const attend = (queryStarts: number[], keyStarts: number[], heads = 2) =>
      tf.tidy(() => {
        const x = tf.ones([4, 6]) as tf.Tensor2D;
        const starts = { queryStarts: Int32Array.from(queryStarts), keyStarts: Int32Array.from(keyStarts) };
        fusedOps().attention(x, x, x, { heads, isCausal: false, dropout: null, ...starts });
      });
    expect(() => attend([0, 3], [0, 4])).toThrow('the sequences end at rows 3 and 4; there are 4 queries and 4 keys');
    expect(() => attend([0, 2, 4], [0, 4])).toThrow(RangeError);
    expect(() => attend([0, 2, 4], [0, 4, 4])).toThrow(new RangeError('sequence 1 has queries but no keys'));
    expect(() => attend([0, 5, 4], [0, 2, 4])).toThrow(new RangeError('queryStarts must not fall'));
    expect(() => attend([1, 4], [0, 4])).toThrow(new RangeError('queryStarts must begin with 0'));
    expect(() => attend([0, 4], [0, 4], 4)).toThrow(new RangeError('6 columns do not split into 4 heads'));
  });
});
