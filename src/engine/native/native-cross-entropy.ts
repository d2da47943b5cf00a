import type * as tf from '@tensorflow/tfjs-core';
import type { FusedOps } from '../model/ops/fused-ops.ts';
import type { NativeBackend } from './native-backend.ts';

/** Returns the output layer and its loss by one kernel of the addon. */
export function nativeCrossEntropy(backend: NativeBackend): Pick<FusedOps, 'crossEntropy'> {
  const { addon } = backend;
  const block = (tensor: tf.Tensor): number => backend.floatBlock(tensor);
  return {
    crossEntropy(hidden, head, bias, labels, { labelSmoothing, weight, gradHead }) {
      const [size, width] = head.shape;
      if (hidden.shape[0] !== labels.length || hidden.shape[1] !== width || bias.size !== size) {
        throw new RangeError(
          `hidden [${hidden.shape}], head [${head.shape}], bias [${bias.shape}] and ${labels.length} labels do not go together`,
        );
      }
      const loss = backend.tensor<tf.Scalar>([]);
      const gradHidden = gradHead === null ? null : backend.tensor<tf.Tensor2D>(hidden.shape);
      addon.crossEntropy(
        block(hidden),
        block(head),
        block(bias),
        labels,
        width,
        size,
        labelSmoothing,
        weight,
        block(loss),
        gradHidden && block(gradHidden),
        gradHead && backend.writableBlock(gradHead.sum),
        gradHead?.isEmpty === false,
      );
      if (gradHead !== null) gradHead.isEmpty = false;
      return { loss, gradHidden };
    },
  };
}
