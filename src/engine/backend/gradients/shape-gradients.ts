/** Gradients of what only moves values: copies, casts, reshapes, transpositions, slices and look-ups. */
import * as tf from '@tensorflow/tfjs-core';
import { scatterAddRows } from '../row-kernels.ts';
import type { KernelGradient } from './kernel-gradient.ts';

const identity: KernelGradient = {
  kernelName: 'Identity',
  gradFunc: (gradient) => ({ x: () => tf.clone(gradient) }),
};

const cast: KernelGradient = {
  kernelName: 'Cast',
  gradFunc: (gradient) => ({ x: () => tf.clone(gradient) }),
};

const reshape: KernelGradient = {
  kernelName: 'Reshape',
  inputsToSave: ['x'],
  gradFunc: (gradient, saved) => {
    const [x] = saved as [tf.Tensor];
    return { x: () => tf.reshape(gradient, x.shape) };
  },
};

const expandDims: KernelGradient = {
  kernelName: 'ExpandDims',
  inputsToSave: ['input'],
  gradFunc: (gradient, saved) => {
    const [input] = saved as [tf.Tensor];
    return { input: () => tf.reshape(gradient, input.shape) };
  },
};

const transpose: KernelGradient = {
  kernelName: 'Transpose',
  gradFunc: (gradient, _saved, attributes) => {
    const { perm } = attributes as unknown as { perm: number[] };
    const inverse = perm.map((_, axis) => perm.indexOf(axis));
    return { x: () => tf.transpose(gradient, inverse) };
  },
};

const slice: KernelGradient = {
  kernelName: 'Slice',
  inputsToSave: ['x'],
  gradFunc: (gradient, saved, attributes) => {
    const [x] = saved as [tf.Tensor];
    const { begin } = attributes as unknown as { begin: number[] };
    const paddings = x.shape.map((size, axis): [number, number] => {
      const before = begin[axis] ?? 0;
      return [before, size - before - (gradient.shape[axis] ?? 0)];
    });
    return { x: () => tf.pad(gradient, paddings) };
  },
};

/** Only along the first axis: the one look-ups of embeddings use. */
const gather: KernelGradient = {
  kernelName: 'GatherV2',
  inputsToSave: ['x', 'indices'],
  gradFunc: (gradient, saved, attributes) => {
    const [x, indices] = saved as [tf.Tensor, tf.Tensor];
    const { axis, batchDims } = attributes as unknown as { axis: number; batchDims: number };
    if (axis !== 0 || batchDims !== 0) throw new RangeError(`no gradient of gather along axis ${axis}, only along 0`);
    return {
      x: () => {
        const width = tf.util.sizeFromShape(x.shape.slice(1));
        const rows = tf.reshape(gradient, [indices.size, width]) as tf.Tensor2D;
        return tf.reshape(scatterAddRows(rows, indices.dataSync<'int32'>(), x.shape[0] ?? 0), x.shape);
      },
      indices: () => tf.zerosLike(indices),
    };
  },
};

export const shapeGradients: readonly KernelGradient[] = [
  identity,
  cast,
  reshape,
  expandDims,
  transpose,
  slice,
  gather,
];
