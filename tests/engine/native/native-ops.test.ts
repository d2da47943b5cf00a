import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import type { Activation } from '../../../src/engine/model/ops/activation.ts';
import type { Dropout, FusedOps } from '../../../src/engine/model/ops/fused-ops.ts';
import { ParameterGradient } from '../../../src/engine/model/ops/parameter-gradient.ts';
import { expectClose, randomTensor } from '../model/ops/finite-differences.ts';
import { isAddonBuilt, type Outputs, openNativeForTests, runnableIsas, runTidily } from './native-support.ts';

const DROPOUT: Dropout = { rate: 0.3, seedKey: -123456789, siteKey: 987654321 };
const ACTIVATIONS: readonly Activation[] = ['none', 'silu', 'relu', 'gelu'];
/** Rows that fill no block of rows, one, and more than one; widths that fill no register, and many. */
const SIZES = [
  ...[0, 1, 3, 17, 70].flatMap((rows) => [8, 20, 512].map((width) => [rows, width] as const)),
  // Not 1: what a layer norm of one number gives is nothing but rounding.
  ...[3, 7, 13, 17, 33].map((width) => [5, width] as const),
];

const matrix = (rows: number, columns: number, seed: number) => randomTensor([rows, columns], seed) as tf.Tensor2D;
const vector = (size: number, seed: number) => randomTensor([size], seed) as tf.Tensor1D;

/** A parameter's gradient that holds something to add to, or nothing that counts. */
function gradientOf(shape: number[], { holds }: { holds: boolean }): ParameterGradient {
  const gradient = new ParameterGradient(shape);
  gradient.add(randomTensor(shape, 77));
  if (!holds) gradient.clear();
  return gradient;
}

function valuesAndDispose(gradient: ParameterGradient): ArrayLike<number> {
  const values = Float32Array.from(gradient.sum.dataSync());
  gradient.dispose();
  return values;
}

function embedCase(rows: number, width: number, dropout: Dropout | null): (ops: FusedOps) => Outputs {
  const ids = Int32Array.from({ length: rows }, (_, row) => (row * 7) % 5);
  const places = Int32Array.from({ length: rows }, (_, row) => row % 4);
  return (ops) => {
    const options = { scale: 3, positions: matrix(4, width, 5), places, dropout };
    const output = ops.embed(matrix(6, width, 3), ids, options);
    const empty = gradientOf([6, width], { holds: false });
    ops.embedBackward(matrix(rows, width, 8), ids, { ...options, padTokenId: 1 }, empty);
    const held = gradientOf([6, width], { holds: true });
    ops.embedBackward(matrix(rows, width, 8), ids, { ...options, padTokenId: 9 }, held);
    return { output: output.dataSync(), empty: valuesAndDispose(empty), held: valuesAndDispose(held) };
  };
}

function linearCase(rows: number, width: number, activation: Activation, holds: boolean): (ops: FusedOps) => Outputs {
  const outputs = width + 3;
  return (ops) => {
    const [x, weight, bias] = [matrix(rows, width, 1), matrix(outputs, width, 2), vector(outputs, 3)];
    const { output, sum } = ops.linear(x, weight, bias, activation, true);
    const gradients = { weight: gradientOf([outputs, width], { holds }), bias: gradientOf([outputs], { holds }) };
    const saved = { x, weight, sum, activation };
    const gradX = ops.linearBackward(matrix(rows, outputs, 4), saved, gradients);
    const before = matrix(rows, width, 7);
    const alias = tf.clone(before);
    const sumX = ops.linearBackward(matrix(rows, outputs, 4), saved, gradients, before);
    return {
      sumX: sumX.dataSync(),
      sumOfBoth: ops.linearBackward(matrix(rows, outputs, 4), saved, gradients, matrix(rows, width, 7)).dataSync(),
      alias: alias.dataSync(),
      output: output.dataSync(),
      evaluated: ops.linear(x, weight, bias, activation, false).output.dataSync(),
      gradX: gradX.dataSync(),
      gradWeight: valuesAndDispose(gradients.weight),
      gradBias: valuesAndDispose(gradients.bias),
    };
  };
}

function layerNormCase(
  rows: number,
  width: number,
  dropout: Dropout | null,
  holds: boolean,
): (ops: FusedOps) => Outputs {
  return (ops) => {
    const [x, residual] = [matrix(rows, width, 1), matrix(rows, width, 2)];
    const [weight, bias] = [vector(width, 3), vector(width, 4)];
    const { output, saved } = ops.residualLayerNorm(x, residual, weight, bias, dropout);
    const gradients = { weight: gradientOf([width], { holds }), bias: gradientOf([width], { holds }) };
    const grads = ops.residualLayerNormBackward(matrix(rows, width, 6), { weight, saved, dropout }, gradients);
    return {
      output: output.dataSync(),
      gradX: grads.x.dataSync(),
      gradResidual: grads.residual.dataSync(),
      gradWeight: valuesAndDispose(gradients.weight),
      gradBias: valuesAndDispose(gradients.bias),
    };
  };
}

/** Every case at every size, by name. */
function allCases(): Record<string, (ops: FusedOps) => Outputs> {
  return Object.fromEntries(
    SIZES.flatMap(([rows, width]) => {
      const size = `[${rows}, ${width}]`;
      const x = () => matrix(rows, width, 1);
      const cases: [string, (ops: FusedOps) => Outputs][] = [
        [`add ${size}`, (ops) => ({ sum: ops.add(x(), matrix(rows, width, 2)).dataSync() })],
        [`dropout ${size}`, (ops) => ({ output: ops.dropout(x(), DROPOUT).dataSync() })],
        ...[DROPOUT, null].flatMap((dropout): [string, (ops: FusedOps) => Outputs][] => {
          const how = `${size} ${dropout === null ? 'without' : 'with'} dropout`;
          return [
            [`embed ${how}`, embedCase(rows, width, dropout)],
            [`residualLayerNorm ${how}`, layerNormCase(rows, width, dropout, dropout === null)],
          ];
        }),
        ...ACTIVATIONS.map((activation, index): [string, (ops: FusedOps) => Outputs] => [
          `linear ${size} ${activation}`,
          linearCase(rows, width, activation, index % 2 === 0),
        ]),
      ];
      return cases;
    }),
  );
}

const CASES = allCases();

const withoutRows = (name: string) => name.includes('[0, ');

function runCases(isWanted: (name: string) => boolean = () => true): Record<string, Outputs> {
  const wanted = Object.entries(CASES).filter(([name]) => isWanted(name));
  return Object.fromEntries(wanted.map(([name, run]) => [name, runTidily(run)]));
}

function expectAllClose(found: Record<string, Outputs>, expected: Record<string, Outputs>, tolerance: number): void {
  for (const [name, outputs] of Object.entries(found)) {
    for (const [output, values] of Object.entries(outputs)) {
      expectClose(values, expected[name]?.[output] ?? [], tolerance, `${name}: ${output}`);
    }
  }
}

describe.skipIf(!isAddonBuilt)('the native operations', () => {
  let expected: Record<string, Outputs> = {};

  beforeAll(async () => {
    await openBackend('wasm');
    expected = runCases((name) => !withoutRows(name));
    await openBackend('cpu'); // wasm's own kernels fail on tensors without rows
    Object.assign(expected, runCases(withoutRows));
  });

  it.each(runnableIsas())('compute on %s what the composed ones compute, at odd sizes', async (isa) => {
    await openNativeForTests({ isa });
    expectAllClose(runCases(), expected, 1e-5); // float32 sums of up to 512 products in another order
  });

  it.each(runnableIsas())('compute the same bits on %s with 1, 2 and 3 threads', async (isa) => {
    const isLarge = (name: string) => name.includes('[70, ');
    await openNativeForTests({ isa });
    const one = runCases(isLarge);
    for (const threads of [2, 3]) {
      await openNativeForTests({ isa, threads });
      expect(runCases(isLarge)).toEqual(one);
    }
  });

  it.each(runnableIsas())('stay near on %s with matrix products of bf16 numbers', async (isa) => {
    await openNativeForTests({ isa, precision: 'bf16' });
    // Without relu, whose slope jumps where a sum is near 0.
    const found = runCases((name) => name.startsWith('linear') && !name.endsWith('relu'));
    expectAllClose(found, expected, 2e-2); // bf16 has 8 bits, and the way back adds the errors of sum and slope
  });
});
