import type * as tf from '@tensorflow/tfjs-core';
import type { Activation } from './activation.ts';
import { fusedOps } from './current-ops.ts';
import { type Rows, rowsOf, type Tape } from './tape.ts';

/** A layer's weight [M, K] and bias [M], as Hugging Face stores them. */
export interface LinearWeights {
  readonly weight: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
}

/** Returns activation(x · weightᵀ + bias), [N, M]. N rows, K inputs, M outputs. @param x [N, K] */
export function linear(
  tape: Tape | null,
  x: Rows,
  { weight, bias }: LinearWeights,
  activation: Activation = 'none',
): Rows {
  const ops = fusedOps();
  const { output: value, sum } = ops.linear(x.value, weight, bias, activation, tape !== null);
  const output = rowsOf(value);
  tape?.record(output, [sum], (gradOutput) => {
    const gradients = { weight: tape.gradientOf(weight), bias: tape.gradientOf(bias) };
    x.gradient = ops.linearBackward(gradOutput, { x: x.value, weight, sum, activation }, gradients, x.gradient);
  });
  return output;
}
