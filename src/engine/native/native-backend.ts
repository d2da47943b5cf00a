/**
 * tfjs's backend named `native`: its tensors live in blocks of the addon's own memory, which kernels change in place and
 * JavaScript reaches only by copies. A block may belong to several tensors (clones, reshapes); see `writableBlock`.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { NativeAddon } from './addon-functions.ts';

/** Without "_", which would hide its kernels from tfjs. */
export const NATIVE = 'native';

type StoredType = 'float32' | 'int32' | 'bool';

interface StoredTensor {
  /** The addon's number for the block. */
  readonly block: number;
  readonly dtype: StoredType;
  readonly size: number;
  refCount: number;
}

type DataId = tf.TensorInfo['dataId'];

export class NativeBackend extends tf.KernelBackend {
  readonly addon: NativeAddon;
  readonly #data: tf.DataStorage<StoredTensor>;

  constructor(addon: NativeAddon) {
    super();
    this.addon = addon;
    this.#data = new tf.DataStorage<StoredTensor>(this, tf.engine());
  }

  /** Returns what a kernel gives tfjs: a new tensor whose values are undefined until a kernel has written them. */
  allocate(shape: number[], dtype: tf.DataType = 'float32'): tf.TensorInfo {
    const dataId = {};
    this.#store(dataId, tf.util.sizeFromShape(shape), dtype, 1);
    return { dataId, shape, dtype };
  }

  /** Returns a new float32 tensor whose values are undefined until a kernel has written them; the caller disposes it. */
  tensor<T extends tf.Tensor>(shape: T['shape']): T {
    return tf.engine().makeTensorFromTensorInfo(this.allocate(shape)) as T;
  }

  /** Returns a second tensor on the same block; the caller disposes it. */
  share<T extends tf.Tensor>(tensor: T): T {
    this.incRef(tensor.dataId);
    return tf
      .engine()
      .makeTensorFromTensorInfo({ dataId: tensor.dataId, shape: tensor.shape, dtype: tensor.dtype }) as T;
  }

  /** Returns the block of a float32 tensor, for a kernel to read. @throws {TypeError} when it is of another type */
  floatBlock({ dataId, dtype }: tf.TensorInfo): number {
    if (dtype !== 'float32') throw new TypeError(`a kernel of the native backend was given ${dtype}, not float32`);
    return this.#data.get(dataId).block;
  }

  /** Returns the block of a tensor of any type, and the bytes of an element. */
  block({ dataId }: tf.TensorInfo): { readonly block: number; readonly elementBytes: number } {
    const { block, dtype } = this.#data.get(dataId);
    return { block, elementBytes: BYTES[dtype] };
  }

  /**
   * Returns the block of a variable for a kernel to write. When clones share it, the variable first gets a block of its
   * own, so that what they hold stays.
   */
  writableBlock(variable: tf.Variable): number {
    if (this.refCount(variable.dataId) > 1) {
      const shared = this.floatBlock(variable);
      const own = this.tensor(variable.shape);
      this.addon.copyRows(shared, this.floatBlock(own), 1, variable.size, 0, 0, BYTES.float32);
      variable.assign(own);
      own.dispose();
    }
    return this.floatBlock(variable);
  }

  /** Returns a tensor of the same values whose block is its own, for a kernel to write: the same, or a copy in its place. */
  own<T extends tf.Tensor>(tensor: T): T {
    if (this.refCount(tensor.dataId) === 1) return tensor;
    const copy = this.tensor<T>(tensor.shape);
    this.addon.copyRows(this.floatBlock(tensor), this.floatBlock(copy), 1, tensor.size, 0, 0, BYTES.float32);
    tensor.dispose();
    return copy;
  }

  override write(values: tf.backend_util.BackendValues | null, shape: number[], dtype: tf.DataType): DataId {
    const dataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: DataId,
    values: tf.backend_util.BackendValues | null,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    const { block, size } = this.#store(dataId, tf.util.sizeFromShape(shape), dtype, refCount);
    if (values === null) return;
    const typed = typedValues(values, dtype);
    if (typed.length !== size) throw new RangeError(`${typed.length} values were given for a tensor of ${size}`);
    this.addon.write(block, typed);
  }

  override async read(dataId: DataId): Promise<tf.backend_util.BackendValues> {
    return this.readSync(dataId);
  }

  override readSync(dataId: DataId): tf.backend_util.BackendValues {
    const { block, dtype, size } = this.#data.get(dataId);
    const values = new ARRAYS[dtype](size);
    this.addon.read(block, values);
    return values;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    if (!this.#data.has(dataId)) return true;
    const stored = this.#data.get(dataId);
    stored.refCount -= 1;
    if (!force && stored.refCount > 0) return false;
    this.addon.free(stored.block);
    this.#data.delete(dataId);
    return true;
  }

  override refCount(dataId: DataId): number {
    return this.#data.has(dataId) ? this.#data.get(dataId).refCount : 0;
  }

  override incRef(dataId: DataId): void {
    this.#data.get(dataId).refCount += 1;
  }

  override numDataIds(): number {
    return this.#data.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override timerAvailable(): boolean {
    return true;
  }

  override async time(run: () => void): Promise<tf.BackendTimingInfo> {
    const start = performance.now();
    run();
    return { kernelMs: performance.now() - start };
  }

  override dispose(): void {
    // Blocks are given back one by one as their tensors are disposed, the rest with the process.
  }

  #store(dataId: DataId, size: number, dtype: tf.DataType, refCount: number): StoredTensor {
    const stored = {
      block: this.addon.allocate(size * BYTES[storedType(dtype)]),
      dtype: storedType(dtype),
      size,
      refCount,
    };
    this.#data.set(dataId, stored);
    return stored;
  }
}

const BYTES = { float32: 4, int32: 4, bool: 1 } as const;
const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

function storedType(dtype: tf.DataType): StoredType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new TypeError(`the native backend holds no ${dtype} tensors, only float32, int32 and bool`);
}

function typedValues(
  values: tf.backend_util.BackendValues,
  dtype: tf.DataType,
): Float32Array | Int32Array | Uint8Array {
  const Typed = ARRAYS[storedType(dtype)];
  return values instanceof Typed ? values : Typed.from(values as ArrayLike<number>);
}
