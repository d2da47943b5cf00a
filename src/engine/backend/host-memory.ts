/**
 * The memory behind a tensor as a typed array, on the backends that keep it where JavaScript can reach it: cpu and wasm.
 * For kernels of our own written in TypeScript. A view is good until the next allocation: wasm's heap may move as it grows.
 */
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type * as tf from '@tensorflow/tfjs-core';

export interface HostMemory {
  /** The live values of a float32 tensor: reading is free, writing changes the tensor. */
  floats(tensor: tf.TensorInfo): Float32Array;
  /** A new float32 tensor whose values are undefined until written. */
  allocate(shape: number[]): tf.TensorInfo;
}

export type HostBackendName = 'cpu' | 'wasm';
export const HOST_BACKENDS: readonly HostBackendName[] = ['cpu', 'wasm'];

/** Returns access to the memory of a kernel's `backend` argument. */
export function hostMemory(name: HostBackendName, backend: unknown): HostMemory {
  return name === 'wasm' ? wasmMemory(backend as BackendWasm) : cpuMemory(backend as MathBackendCPU);
}

function wasmMemory(backend: BackendWasm): HostMemory {
  return {
    floats: (tensor) => backend.typedArrayFromHeap(tensor) as Float32Array,
    allocate: (shape) => backend.makeOutput(shape, 'float32'),
  };
}

function cpuMemory(backend: MathBackendCPU): HostMemory {
  return {
    floats: (tensor) => backend.data.get(tensor.dataId).values as Float32Array,
    allocate: (shape) =>
      backend.makeTensorInfo(
        shape,
        'float32',
        new Float32Array(shape.reduce((size, dimension) => size * dimension, 1)),
      ),
  };
}
