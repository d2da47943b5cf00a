/** Clipping by the global norm, as torch.nn.utils.clip_grad_norm_: the direction stays, the length is bounded. */
import type * as tf from '@tensorflow/tfjs-core';
import { fusedOps } from '../model/ops/current-ops.ts';

/** Gives the Euclidean norm of all gradients taken as one vector. */
export async function globalNorm(gradients: ReadonlyMap<string, tf.Tensor>): Promise<number> {
  return Math.sqrt(await fusedOps().sumOfSquares([...gradients.values()]));
}

/** Gives what to multiply gradients of this global norm by, so that it is at most `maxNorm`; 0 leaves them as they are. */
export function clippingScale(norm: number, maxNorm: number): number {
  return maxNorm <= 0 ? 1 : Math.min(1, maxNorm / (norm + 1e-6));
}
