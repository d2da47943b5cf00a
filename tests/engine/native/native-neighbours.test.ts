import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { randomTensor } from '../model/ops/finite-differences.ts';
import { openNativeForTests, runnableIsas, runTidily } from './native-support.ts';

/** [k, n]: 600 rows of them are packed whole or in parts, and so is the weight; 13 of them take another path. */
const SHAPES = [
  [513, 70],
  [512, 1100],
  [7, 9],
] as const;
const ROWS = 600;

describe.each(runnableIsas())('rows of a linear layer on %s', (isa) => {
  it.each(['f32', 'bf16'] as const)('do not depend on their neighbours in %s', async (precision) => {
    for (const threads of [1, 3]) {
      await openNativeForTests({ isa, precision, threads });
      for (const [k, n] of SHAPES) {
        // Once with the packed weight kept from before, once without.
        for (const isTraining of [true, false])
          runTidily((ops) => {
            const [x, weight] = [randomTensor([ROWS, k], 1) as tf.Tensor2D, randomTensor([n, k], 2) as tf.Tensor2D];
            const bias = randomTensor([n], 3) as tf.Tensor1D;
            const all = ops.linear(x, weight, bias, 'silu', isTraining).output.dataSync<'float32'>();
            for (const [first, count] of [
              [0, 1],
              [599, 1],
              [7, 13],
              [100, 300],
            ] as const) {
              const part = ops.linear(tf.slice(x, [first, 0], [count, k]), weight, bias, 'silu', isTraining);
              const alone = Buffer.from(part.output.dataSync<'float32'>().slice().buffer);
              const among = Buffer.from(all.slice(first * n, (first + count) * n).buffer);
              expect(alone.equals(among), `[${k}, ${n}], ${count} rows from ${first}`).toBe(true);
            }
            return {};
          });
      }
    }
  });
});
