/** Gradients of the four operations with two inputs, either of which may have been broadcast. */
import * as tf from '@tensorflow/tfjs-core';
import type { KernelGradient } from './kernel-gradient.ts';
import { sumToShape } from './sum-to-shape.ts';

const add: KernelGradient = {
  kernelName: 'Add',
  inputsToSave: ['a', 'b'],
  gradFunc: (gradient, saved) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    return { a: () => sumToShape(gradient, a.shape), b: () => sumToShape(gradient, b.shape) };
  },
};

const subtract: KernelGradient = {
  kernelName: 'Sub',
  inputsToSave: ['a', 'b'],
  gradFunc: (gradient, saved) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    return { a: () => sumToShape(gradient, a.shape), b: () => sumToShape(tf.neg(gradient), b.shape) };
  },
};

const multiply: KernelGradient = {
  kernelName: 'Multiply',
  inputsToSave: ['a', 'b'],
  gradFunc: (gradient, saved) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    return {
      a: () => sumToShape(tf.mul(gradient, b), a.shape),
      b: () => sumToShape(tf.mul(gradient, a), b.shape),
    };
  },
};

const divide: KernelGradient = {
  kernelName: 'RealDiv',
  inputsToSave: ['a', 'b'],
  gradFunc: (gradient, saved) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    return {
      a: () => sumToShape(tf.div(gradient, b), a.shape),
      b: () => sumToShape(tf.neg(tf.div(tf.mul(gradient, a), tf.square(b))), b.shape),
    };
  },
};

const addN: KernelGradient = {
  kernelName: 'AddN',
  saveAllInputs: true,
  gradFunc: (gradient, saved) => Object.fromEntries(saved.map((_, index) => [String(index), () => tf.clone(gradient)])),
};

export const arithmeticGradients: readonly KernelGradient[] = [add, subtract, multiply, divide, addN];
