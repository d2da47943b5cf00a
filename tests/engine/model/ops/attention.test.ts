import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { attention } from '../../../../src/engine/model/ops/attention.ts';
import { seededDropout } from '../../../../src/engine/model/ops/dropout.ts';
import type { AttentionOptions } from '../../../../src/engine/model/ops/fused-ops.ts';
import { type Rows, rowsOf, type Tape } from '../../../../src/engine/model/ops/tape.ts';
import { devices, openInFloat32 } from './devices.ts';
import { expectClose, expectGradientsOfFiniteDifferences, gradientsOf, randomTensor } from './finite-differences.ts';

const SIZE = 6;
/** Several sequences of one row, and very different lengths. */
const QUERY_STARTS = Int32Array.of(0, 1, 4, 5, 12, 13);
const KEY_STARTS = Int32Array.of(0, 5, 6, 7, 8, 17);

const CASES: Record<string, AttentionOptions> = {
  'to other sequences': { heads: 2, queryStarts: QUERY_STARTS, keyStarts: KEY_STARTS, isCausal: false, dropout: null },
  'with 1 head': { heads: 1, queryStarts: QUERY_STARTS, keyStarts: KEY_STARTS, isCausal: false, dropout: null },
  'with 3 heads': { heads: 3, queryStarts: QUERY_STARTS, keyStarts: KEY_STARTS, isCausal: false, dropout: null },
  'to earlier rows': { heads: 2, queryStarts: QUERY_STARTS, keyStarts: QUERY_STARTS, isCausal: true, dropout: null },
  'in sequences of one length': {
    heads: 2,
    queryStarts: Int32Array.of(0, 3, 6),
    keyStarts: Int32Array.of(0, 3, 6),
    isCausal: false,
    dropout: null,
  },
  'in a sequence without queries': {
    heads: 2,
    queryStarts: Int32Array.of(0, 0, 2),
    keyStarts: Int32Array.of(0, 3, 4),
    isCausal: false,
    dropout: null,
  },
};

function inputs({ queryStarts, keyStarts }: AttentionOptions): tf.Tensor2D[] {
  return [queryStarts, keyStarts, keyStarts].map((starts, i) =>
    tf.mul<tf.Tensor2D>(2, randomTensor([starts.at(-1) ?? 0, SIZE], i + 1)),
  );
}

const attend = (options: AttentionOptions) => (tape: Tape | null, rows: Rows[]) => {
  const [query, key, value] = rows as [Rows, Rows, Rows];
  return attention(tape, query, key, value, options);
};

describe.each(devices)('attention on %s', (device) => {
  beforeAll(() => openInFloat32(device));

  it.each(Object.keys(CASES))('computes softmax(q·kᵀ/√d)·v head by head: %s', (name) => {
    const options = CASES[name] as AttentionOptions;
    const found = attend(options)(null, inputs(options).map(rowsOf));
    expectClose(found.value.dataSync(), slowAttention(inputs(options), options), 1e-5, name);
  });

  it.each(Object.keys(CASES))('has the gradients of finite differences: %s', (name) => {
    const options = CASES[name] as AttentionOptions;
    expectGradientsOfFiniteDifferences(attend(options), { rows: inputs(options) });
  });

  it.each(['to other sequences', 'to earlier rows'])('has them with dropout on the probabilities: %s', (name) => {
    const options = { ...(CASES[name] as AttentionOptions), dropout: seededDropout(5).next(0.4) };
    const values = attend(options)(null, inputs(options).map(rowsOf)).value.dataSync();
    expect(values).not.toEqual(slowAttention(inputs(options), options));
    expectGradientsOfFiniteDifferences(attend(options), { rows: inputs(options) });
  });

  it('drops the same probabilities of the first sequence whatever follows it', () => {
    const dropout = seededDropout(5).next(0.4);
    const [query, key, value] = inputs(CASES['to other sequences'] as AttentionOptions) as [
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    const both = { ...(CASES['to other sequences'] as AttentionOptions), dropout };
    const first = { ...both, queryStarts: QUERY_STARTS.slice(0, 2), keyStarts: KEY_STARTS.slice(0, 2) };
    const found = attend(both)(null, [query, key, value].map(rowsOf)).value.dataSync().slice(0, SIZE);
    const alone = [tf.slice(query, 0, 1), tf.slice(key, 0, 5), tf.slice(value, 0, 5)].map(rowsOf);
    expectClose(found, attend(first)(null, alone).value.dataSync(), 1e-6, 'the first sequence');
  });

  it('gives what it hides no weight and no gradient, whatever its values', () => {
    const options = CASES['to earlier rows'] as AttentionOptions;
    const [query, key, value] = inputs(options) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const last = QUERY_STARTS.slice(1).map((end) => end - 1);
    const wild = (x: tf.Tensor2D): tf.Tensor2D =>
      tf.add(x, tf.scatterND(tf.tensor2d(Int32Array.from(last), [5, 1], 'int32'), tf.fill([5, SIZE], 1e4), x.shape));
    const run = (key: tf.Tensor2D, value: tf.Tensor2D) =>
      attend(options)(null, [query.clone(), key, value].map(rowsOf)).value.arraySync();
    const [before, after] = [run(key.clone(), value.clone()), run(wild(key), wild(value))];
    before.forEach((row, place) => {
      if (!last.includes(place)) expect(after[place]).toEqual(row);
    });
    for (const gradient of gradientsOf(attend(options), { rows: [query, wild(key), value] })) {
      expect(gradient.every(Number.isFinite)).toBe(true);
    }
  });

  it('refuses a sequence whose queries have nothing to attend to', () => {
    const options = { heads: 1, isCausal: false, dropout: null };
    const run = (queryStarts: number[], keyStarts: number[]) => (): unknown => {
      const starts = { queryStarts: Int32Array.from(queryStarts), keyStarts: Int32Array.from(keyStarts) };
      return attend({ ...options, ...starts })(null, inputs({ ...options, ...starts }).map(rowsOf));
    };
    expect(run([0, 1, 2], [0, 2, 2])).toThrow(new RangeError('sequence 1 has no piece to attend to'));
    expect(run([0, 1, 2], [0, 2])).toThrow(new RangeError('2 sequences of queries, 1 of keys'));
  });
});

/** The formula, number by number, in float64. */
function slowAttention(
  [query, key, value]: tf.Tensor2D[],
  { heads, queryStarts, keyStarts, isCausal }: AttentionOptions,
): number[] {
  const size = SIZE / heads;
  const [queries = [], keys = [], values = []] = [query, key, value].map((x) => x?.arraySync());
  return queries.flatMap((row, n) => {
    const sequence = queryStarts.findLastIndex((start) => start <= n);
    const place = n - (queryStarts[sequence] ?? 0);
    const first = keyStarts[sequence] ?? 0;
    const end = isCausal ? first + place + 1 : keyStarts[sequence + 1];
    return row.map((_, column) => {
      const start = Math.floor(column / size) * size;
      const weights = keys.slice(first, end).map((k) => {
        const score = k.slice(start, start + size).reduce((sum, x, i) => sum + x * (row[start + i] ?? 0), 0);
        return Math.exp(score / Math.sqrt(size));
      });
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.reduce((sum, weight, i) => sum + (weight / total) * (values[first + i]?.[column] ?? 0), 0);
    });
  });
}
