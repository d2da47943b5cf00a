/** Clipping by the global norm, as torch.nn.utils.clip_grad_norm_: the direction stays, the length is bounded. */
import * as tf from '@tensorflow/tfjs-core';

/** Gives the Euclidean norm of all gradients taken as one vector. */
export async function globalNorm(gradients: ReadonlyMap<string, tf.Tensor>): Promise<number> {
  if (gradients.size === 0) return 0;
  const norm = tf.tidy(() => {
    const squares = [...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)));
    return tf.sqrt(tf.sum(tf.stack(squares)));
  });
  try {
    const [value] = await norm.data();
    return value ?? Number.NaN;
  } finally {
    norm.dispose();
  }
}

/**
 * Scales the gradients so that their global norm is at most `maxNorm`; 0 leaves them as they are.
 *
 * @param gradients  owned by the map: a scaled tensor replaces, and disposes, the one it was made from
 * @param norm       their global norm
 */
export function clipByGlobalNorm(gradients: Map<string, tf.Tensor>, norm: number, maxNorm: number): void {
  const scale = maxNorm / (norm + 1e-6);
  if (maxNorm <= 0 || scale >= 1) return;
  for (const [name, gradient] of gradients) {
    gradients.set(name, tf.mul(gradient, scale));
    gradient.dispose();
  }
}
