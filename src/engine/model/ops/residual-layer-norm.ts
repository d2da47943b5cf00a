import * as tf from '@tensorflow/tfjs-core';
import { fusedOps } from './current-ops.ts';
import type { Dropout } from './fused-ops.ts';
import { addGradient, type Rows, rowsOf, type Tape } from './tape.ts';

export interface LayerNormWeights {
  readonly weight: tf.Tensor1D;
  readonly bias: tf.Tensor1D;
}

/**
 * Returns layerNorm(residual + dropout(x)) · weight + bias, [N, D].
 *
 * @param x         [N, D] what the sublayer gave. Its value is disposed: nothing needs it any more.
 * @param residual  [N, D] what went into the sublayer
 */
export function residualLayerNorm(
  tape: Tape | null,
  x: Rows,
  residual: Rows,
  { weight, bias }: LayerNormWeights,
  dropout: Dropout | null,
): Rows {
  const ops = fusedOps();
  const { output: value, saved } = ops.residualLayerNorm(x.value, residual.value, weight, bias, dropout);
  x.value.dispose();
  const output = rowsOf(value);
  if (tape === null) tf.dispose([...saved]);
  tape?.record(output, saved, (gradOutput) => {
    const gradients = { weight: tape.gradientOf(weight), bias: tape.gradientOf(bias) };
    const ofInputs = ops.residualLayerNormBackward(gradOutput, { weight, saved, dropout }, gradients);
    addGradient(x, ofInputs.x);
    addGradient(residual, ofInputs.residual);
  });
  return output;
}
