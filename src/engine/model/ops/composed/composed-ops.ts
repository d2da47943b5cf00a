/** Every operation in plain tfjs operations: the reference, and what a backend without kernels of its own uses. */
import * as tf from '@tensorflow/tfjs-core';
import type { FusedOps } from '../fused-ops.ts';
import { composedAttention } from './attention.ts';
import { composedCrossEntropy } from './cross-entropy.ts';
import { composedDropout } from './dropout.ts';
import { composedEmbed } from './embed.ts';
import { composedLinear } from './linear.ts';
import { composedOptimizer } from './optimizer.ts';
import { composedResidualLayerNorm } from './residual-layer-norm.ts';

export const composedOps: FusedOps = {
  ...composedEmbed,
  ...composedLinear,
  ...composedAttention,
  ...composedResidualLayerNorm,
  ...composedDropout,
  ...composedCrossEntropy(),
  ...composedOptimizer,
  add: (a, b) => tf.add<tf.Tensor2D>(a, b),
};
