import * as tf from '@tensorflow/tfjs-core';
import { fusedOps } from './current-ops.ts';
import type { AttentionOptions } from './fused-ops.ts';
import { addGradient, type Rows, rowsOf, type Tape } from './tape.ts';

/**
 * Attends from each row of `query` to the rows of `key` and `value` of the same sequence, every head at once. All [·, D].
 *
 * @throws {RangeError} when a sequence with queries has no key
 */
export function attention(tape: Tape | null, query: Rows, key: Rows, value: Rows, options: AttentionOptions): Rows {
  assertKeys(options);
  const ops = fusedOps();
  const inputs = { query: query.value, key: key.value, value: value.value };
  const { output: attended, saved } = ops.attention(inputs.query, inputs.key, inputs.value, options);
  const output = rowsOf(attended);
  if (tape === null) tf.dispose([...saved]);
  tape?.record(output, saved, (gradOutput) => {
    const gradients = ops.attentionBackward(gradOutput, { ...inputs, output: attended, saved }, options);
    addGradient(query, gradients.query);
    addGradient(key, gradients.key);
    addGradient(value, gradients.value);
  });
  return output;
}

function assertKeys({ queryStarts, keyStarts }: AttentionOptions): void {
  if (queryStarts.length !== keyStarts.length) {
    throw new RangeError(`${queryStarts.length - 1} sequences of queries, ${keyStarts.length - 1} of keys`);
  }
  for (let sequence = 0; sequence + 1 < keyStarts.length; sequence++) {
    const hasRows = (starts: Int32Array): boolean => starts[sequence] !== starts[sequence + 1];
    if (hasRows(queryStarts) && !hasRows(keyStarts))
      throw new RangeError(`sequence ${sequence} has no piece to attend to`);
  }
}
