/**
 * Kernels that move whole rows, for cpu and wasm: tfjs's own take 24 ns per element to gather on wasm, have no
 * UnsortedSegmentSum there, and one on cpu that passes over all the rows once for each segment.
 */
import * as tf from '@tensorflow/tfjs-core';
import { HOST_BACKENDS, type HostBackendName, type HostMemory, hostMemory } from './host-memory.ts';

const GATHER_ROWS = 'GatherRows';
const SCATTER_ADD_ROWS = 'ScatterAddRows';

/** Registers the kernels on cpu and wasm; doing it again changes nothing. */
export function registerRowKernels(): void {
  for (const backendName of HOST_BACKENDS) {
    register(backendName, GATHER_ROWS, gatherRowsOnHost);
    register(backendName, SCATTER_ADD_ROWS, scatterAddRowsOnHost);
  }
}

/**
 * Picks rows of a table. Not differentiable: it is a part of operations with gradients of their own.
 *
 * @param table    [N, …] float32
 * @param indices  [M], each in 0…N-1
 * @returns        [M, …]; the caller disposes it
 * @throws {RangeError} when an index is outside the table
 */
export function gatherRows<T extends tf.Tensor>(table: T, indices: Int32Array): T {
  assertInRange(indices, table.shape[0] ?? 0);
  if (hasKernel(GATHER_ROWS)) return runKernel<T>(GATHER_ROWS, table, { indices });
  return tf.tidy(() => tf.gather(table, tf.tensor1d(indices, 'int32')));
}

/**
 * Sums rows into those of a new table of zeros: the gradient of `gatherRows` with respect to the table.
 *
 * @param rows     [M, D] float32
 * @param indices  [M], each in 0…N-1
 * @param size     N
 * @returns        [N, D]; the caller disposes it
 * @throws {RangeError} when an index is outside the table
 */
export function scatterAddRows(rows: tf.Tensor2D, indices: Int32Array, size: number): tf.Tensor2D {
  assertInRange(indices, size);
  if (hasKernel(SCATTER_ADD_ROWS)) return runKernel<tf.Tensor2D>(SCATTER_ADD_ROWS, rows, { indices, size });
  return tf.tidy(() => tf.unsortedSegmentSum(rows, tf.tensor1d(indices, 'int32'), size));
}

interface RowAttributes {
  readonly indices: Int32Array;
  readonly size?: number;
}

type RowKernel = (memory: HostMemory, x: tf.TensorInfo, attributes: RowAttributes) => tf.TensorInfo;

function register(backendName: HostBackendName, kernelName: string, kernel: RowKernel): void {
  if (tf.getKernel(kernelName, backendName) !== undefined) return;
  tf.registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x } = inputs;
      if (x === undefined) throw new TypeError(`${kernelName} was called without its input x`);
      return kernel(hostMemory(backendName, backend), x, attrs as unknown as RowAttributes);
    },
  });
}

function hasKernel(kernelName: string): boolean {
  return tf.getKernel(kernelName, tf.getBackend()) !== undefined;
}

function runKernel<T extends tf.Tensor>(kernelName: string, x: tf.Tensor, attributes: RowAttributes): T {
  return tf.engine().runKernel(kernelName, { x }, attributes as unknown as tf.NamedAttrMap) as T;
}

function gatherRowsOnHost(memory: HostMemory, x: tf.TensorInfo, { indices }: RowAttributes): tf.TensorInfo {
  const rowShape = x.shape.slice(1);
  const width = tf.util.sizeFromShape(rowShape);
  const result = memory.allocate([indices.length, ...rowShape]);
  const from = memory.floats(x);
  const to = memory.floats(result);
  indices.forEach((index, row) => {
    to.set(from.subarray(index * width, (index + 1) * width), row * width);
  });
  return result;
}

function scatterAddRowsOnHost(
  memory: HostMemory,
  x: tf.TensorInfo,
  { indices, size = 0 }: RowAttributes,
): tf.TensorInfo {
  const width = x.shape[1] ?? 0;
  const result = memory.allocate([size, width]);
  const from = memory.floats(x);
  const to = memory.floats(result).fill(0);
  for (let row = 0; row < indices.length; row++) {
    const toStart = (indices[row] ?? 0) * width;
    const fromStart = row * width;
    for (let column = 0; column < width; column++) {
      to[toStart + column] = (to[toStart + column] ?? 0) + (from[fromStart + column] ?? 0);
    }
  }
  return result;
}

function assertInRange(indices: Int32Array, size: number): void {
  for (const index of indices) {
    if (index < 0 || index >= size) throw new RangeError(`row ${index} is outside the table's ${size} rows`);
  }
}
