/**
 * The model's operations by kernels of the addon. Each allocates its results, hands the blocks to one or a few kernels
 * and returns; gradients of parameters are written where they are summed.
 * N rows, D model size, V vocabulary, K inputs and M outputs of a linear layer.
 */
import type * as tf from '@tensorflow/tfjs-core';
import type { Activation } from '../model/ops/activation.ts';
import type { AdamWParameter, FusedOps } from '../model/ops/fused-ops.ts';
import { ACTIVATION_CODES, type BlockHandle, GEMM_FLAGS } from './addon-functions.ts';
import { dropoutNumbers } from './dropout-numbers.ts';
import { gradientTarget } from './gradient-target.ts';
import { nativeAttention } from './native-attention.ts';
import type { NativeBackend } from './native-backend.ts';
import { nativeCrossEntropy } from './native-cross-entropy.ts';

const { transposeA, transposeB, accumulate, weight: isWeight } = GEMM_FLAGS;

interface MultiplyOptions {
  readonly bias?: BlockHandle | null;
  readonly activation?: Activation;
  readonly sum?: BlockHandle | null;
}

/** Returns the operations on tensors of this backend. */
export function nativeOps(backend: NativeBackend): FusedOps {
  const { addon } = backend;
  const block = (tensor: tf.TensorInfo): BlockHandle => backend.floatBlock(tensor);
  const result = <T extends tf.Tensor>(shape: T['shape']): T => backend.tensor<T>(shape);

  /** to (+)= op(a)·op(b), [m, n] = [m, k]·[k, n], with what `linear` wants of it. */
  function multiply(
    a: tf.Tensor2D,
    b: tf.Tensor2D,
    to: BlockHandle,
    [m, n, k]: readonly [m: number, n: number, k: number],
    flags: number,
    { bias = null, activation = 'none', sum = null }: MultiplyOptions = {},
  ): void {
    addon.gemm(block(a), block(b), to, m, n, k, flags, bias, ACTIVATION_CODES[activation], sum);
  }

  return {
    ...nativeAttention(backend),
    ...nativeCrossEntropy(backend),

    embed(table, ids, { scale, positions, places, dropout }) {
      const [size, width] = table.shape;
      const output = result<tf.Tensor2D>([ids.length, width]);
      addon.embed(
        block(table),
        size,
        block(positions),
        positions.shape[0],
        width,
        ids,
        places,
        scale,
        block(output),
        ...dropoutNumbers(dropout),
      );
      return output;
    },

    embedBackward(gradOutput, ids, { scale, dropout, padTokenId }, gradTable) {
      const [size = 0, width = 0] = gradTable.sum.shape;
      const { target, adds } = gradientTarget(gradTable, backend);
      const numbers = dropoutNumbers(dropout);
      addon.embedBackward(block(gradOutput), ids, width, scale, padTokenId, target, size, adds, ...numbers);
    },

    linear(x, weight, bias, activation, isTraining) {
      const [rows, inputs] = x.shape;
      const [outputs] = weight.shape;
      const output = result<tf.Tensor2D>([rows, outputs]);
      const sum = isTraining && activation !== 'none' ? result<tf.Tensor2D>([rows, outputs]) : null;
      multiply(x, weight, block(output), [rows, outputs, inputs], transposeB + isWeight, {
        bias: block(bias),
        activation,
        sum: sum && block(sum),
      });
      return { output, sum };
    },

    linearBackward(gradOutput, { x, weight, sum, activation }, gradients, before = null) {
      const [rows, inputs] = x.shape;
      const [outputs] = weight.shape;
      const bias = gradientTarget(gradients.bias, backend);
      const gradSum = activation === 'none' ? null : result<tf.Tensor2D>([rows, outputs]);
      addon.activationBackward(
        block(gradOutput),
        sum && block(sum),
        ACTIVATION_CODES[activation],
        rows,
        outputs,
        gradSum && block(gradSum),
        bias.target,
        bias.adds,
      );
      const grad = gradSum ?? gradOutput;
      const ofWeight = gradientTarget(gradients.weight, backend);
      const flags = transposeA + (ofWeight.adds ? accumulate : 0);
      multiply(grad, x, ofWeight.target, [outputs, inputs, rows], flags);
      const gradX = before === null ? result<tf.Tensor2D>([rows, inputs]) : backend.own(before);
      multiply(grad, weight, block(gradX), [rows, inputs, outputs], isWeight + (before === null ? 0 : accumulate));
      gradSum?.dispose();
      return gradX;
    },

    residualLayerNorm(x, residual, weight, bias, dropout) {
      const [rows, width] = x.shape;
      const output = result<tf.Tensor2D>([rows, width]);
      const normalized = result<tf.Tensor2D>([rows, width]);
      const inverseDeviation = result<tf.Tensor1D>([rows]);
      addon.layerNorm(
        block(x),
        block(residual),
        block(weight),
        block(bias),
        rows,
        width,
        block(normalized),
        block(inverseDeviation),
        block(output),
        ...dropoutNumbers(dropout),
      );
      return { output, saved: [normalized, inverseDeviation] };
    },

    residualLayerNormBackward(gradOutput, { weight, saved, dropout }, gradients) {
      const [normalized, inverseDeviation] = saved;
      if (normalized === undefined || inverseDeviation === undefined) throw new TypeError('nothing was saved');
      const [rows, width] = gradOutput.shape;
      const residual = result<tf.Tensor2D>([rows, width]);
      const x = dropout === null ? backend.share(residual) : result<tf.Tensor2D>([rows, width]);
      const ofWeight = gradientTarget(gradients.weight, backend);
      const ofBias = gradientTarget(gradients.bias, backend);
      addon.layerNormBackward(
        block(gradOutput),
        block(normalized),
        block(inverseDeviation),
        block(weight),
        rows,
        width,
        dropout === null ? null : block(x),
        block(residual),
        ofWeight.target,
        ofWeight.adds,
        ofBias.target,
        ofBias.adds,
        ...dropoutNumbers(dropout),
      );
      return { x, residual };
    },

    dropout(x, dropout) {
      const output = result<tf.Tensor2D>(x.shape);
      addon.dropout(block(x), x.size, block(output), ...dropoutNumbers(dropout));
      return output;
    },

    add(a, b) {
      const output = result<tf.Tensor2D>(a.shape);
      addon.add(block(a), block(b), a.size, block(output));
      return output;
    },

    async sumOfSquares(tensors) {
      return addon.sumOfSquares(
        Int32Array.from(tensors, block),
        Int32Array.from(tensors, ({ size }) => size),
      );
    },

    adamwStep(parameters, numbers) {
      const { gradientScale, beta1, beta2, epsilon, stepSize, squareCorrection, decay } = numbers;
      const of = (read: (parameter: AdamWParameter) => number): Int32Array => Int32Array.from(parameters, read);
      addon.adamw(
        of(({ value }) => backend.writableBlock(value)),
        of(({ gradient }) => block(gradient)),
        of(({ mean }) => backend.writableBlock(mean)),
        of(({ square }) => backend.writableBlock(square)),
        of(({ value }) => value.size),
        of(({ isDecayed }) => (isDecayed ? 1 : 0)),
        gradientScale,
        beta1,
        beta2,
        epsilon,
        stepSize,
        squareCorrection,
        decay,
      );
    },
  };
}
