/**
 * Registers the gradients the tape needs: tfjs-core in Node comes with none. Only for the kernels that stand outside the
 * fused operations of `model/ops`, and the few a loss is scaled or summed with. Where @tensorflow/tfjs was loaded first
 * (tfjs-node-gpu brings it), its gradients stay: they say the same, and other code may rely on them.
 */
import * as tf from '@tensorflow/tfjs-core';
import { arithmeticGradients } from './arithmetic-gradients.ts';
import { matMulGradients } from './mat-mul-gradients.ts';
import { reductionGradients } from './reduction-gradients.ts';
import { shapeGradients } from './shape-gradients.ts';
import { unaryGradients } from './unary-gradients.ts';

/** Makes `tf.variableGrads` and its kin work; doing it again changes nothing. */
export function registerGradients(): void {
  const families = [arithmeticGradients, matMulGradients, reductionGradients, shapeGradients, unaryGradients];
  for (const gradient of families.flat()) {
    if (tf.getGradient(gradient.kernelName) === undefined) tf.registerGradient(gradient as tf.GradConfig);
  }
}
