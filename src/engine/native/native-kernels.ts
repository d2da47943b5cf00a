/**
 * The tfjs kernels of the native backend: those that tests, decoding and the handling of tensors need around the model's
 * fused operations. A training step runs none of them.
 */
import * as tf from '@tensorflow/tfjs-core';
import { DeviceError } from '../../errors.ts';
import { NATIVE, type NativeBackend } from './native-backend.ts';

type Attributes = Readonly<Record<string, unknown>>;
type Inputs = Readonly<Record<string, tf.TensorInfo | undefined>>;
type Kernel = (backend: NativeBackend, inputs: Inputs, attributes: Attributes) => tf.TensorInfo | tf.TensorInfo[];

/** Registers them; doing it again changes nothing. Every other kernel of tfjs gets one that says it is missing. */
export function registerNativeKernels(): void {
  const missing = tfjsKernelNames().map((name): [string, Kernel] => [name, () => refuse(name)]);
  for (const [kernelName, kernel] of [...Object.entries(KERNELS), ...missing]) {
    if (tf.getKernel(kernelName, NATIVE) != null) continue;
    tf.registerKernel({
      kernelName,
      backendName: NATIVE,
      kernelFunc: ({ inputs, attrs, backend }) =>
        kernel(backend as NativeBackend, inputs as Inputs, (attrs ?? {}) as Attributes),
    });
  }
}

const KERNELS: Readonly<Record<string, Kernel>> = {
  Identity: (backend, inputs) => shared(backend, required(inputs, 'x'), required(inputs, 'x').shape),
  Reshape: (backend, inputs, { shape }) => {
    const x = required(inputs, 'x');
    const size = tf.util.sizeFromShape(x.shape);
    return shared(backend, x, tf.util.inferFromImplicitShape(shape as number[], size));
  },
  Cast: (backend, inputs, { dtype }) => cast(backend, required(inputs, 'x'), dtype as tf.DataType),
  ExpandDims: (backend, inputs, { dim }) => {
    const x = required(inputs, 'input');
    const place = (dim as number) < 0 ? (dim as number) + x.shape.length + 1 : (dim as number);
    return shared(backend, x, x.shape.toSpliced(place, 0, 1));
  },
  Fill: (backend, _inputs, { shape, value, dtype }) => {
    const output = backend.allocate(shape as number[], (dtype as tf.DataType | undefined) ?? 'float32');
    backend.addon.fill(backend.floatBlock(output), sizeOf(output), value as number);
    return output;
  },
  ZerosLike: (backend, inputs) => {
    const output = backend.allocate(required(inputs, 'x').shape);
    backend.addon.fill(backend.floatBlock(output), sizeOf(output), 0);
    return output;
  },

  ...ofEach(['Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum'], combineKernel),
  ...ofEach(
    ['Neg', 'Exp', 'Log', 'Sqrt', 'Rsqrt', 'Square', 'Abs', 'Relu', 'Step', 'Sigmoid', 'Tanh', 'Erf'],
    mapKernel,
  ),
  ...ofEach(['Sum', 'Mean', 'Max'], reduceKernel),
  AddN: (backend, inputs) => {
    const [first, ...others] = Object.values(inputs) as [tf.TensorInfo, ...tf.TensorInfo[]];
    return others.reduce(
      (sum, term) => {
        const next = combine(backend, 'Add', sum, term);
        backend.disposeData(sum.dataId);
        return next;
      },
      shared(backend, first, first.shape),
    );
  },
  ArgMax: (backend, inputs, { axis }) => {
    const { rows, outerShape, dispose } = rowsAlong(backend, required(inputs, 'x'), [axis as number]);
    const width = rows.shape.at(-1) ?? 1;
    const output = backend.allocate(outerShape, 'int32');
    backend.addon.argMax(backend.floatBlock(rows), sizeOf(output), width, backend.block(output).block);
    dispose();
    return output;
  },
  Softmax: (backend, inputs, { dim }) => {
    const logits = required(inputs, 'logits');
    const width = logits.shape.at(-1) ?? 1;
    if (dim !== logits.shape.length - 1) throw new RangeError('the native softmax runs along the last axis');
    const output = backend.allocate(logits.shape);
    const rows = sizeOf(output) / width;
    backend.addon.softmax(backend.floatBlock(logits), rows, width, backend.floatBlock(output));
    return output;
  },
  TopK: (backend, inputs, { k }) => {
    const x = required(inputs, 'x');
    const width = x.shape.at(-1) ?? 1;
    const shape = [...x.shape.slice(0, -1), k as number];
    const [values, indices] = [backend.allocate(shape), backend.allocate(shape, 'int32')];
    const blocks = [backend.floatBlock(values), backend.block(indices).block] as const;
    backend.addon.topK(backend.floatBlock(x), sizeOf(x) / width, width, k as number, ...blocks);
    return [values, indices];
  },

  Transpose: (backend, inputs, { perm }) => transpose(backend, required(inputs, 'x'), perm as number[]),
  Slice: (backend, inputs, { begin, size }) => {
    const x = required(inputs, 'x');
    const parsed = tf.slice_util.parseSliceParams(x as tf.Tensor, begin as number[], size as number[]);
    const [starts = [], shape = []] = parsed;
    tf.slice_util.assertParamsValid(x as tf.Tensor, starts, shape);
    const strides = stridesOf(x.shape);
    const offset = starts.reduce((sum, start, axis) => sum + start * (strides[axis] ?? 0), 0);
    return copyStrided(backend, x, { offset, shape, strides });
  },
  Concat: (backend, inputs, { axis }) => concat(backend, Object.values(inputs) as tf.TensorInfo[], axis as number),
  Pack: (backend, inputs, { axis }) => {
    const parts = Object.values(inputs) as tf.TensorInfo[];
    const expanded = parts.map((part) => ({ ...part, shape: part.shape.toSpliced(axis as number, 0, 1) }));
    return concat(backend, expanded, axis as number);
  },
  GatherV2: (backend, inputs, { axis, batchDims }) => {
    if (batchDims !== 0) throw new RangeError('the native gather knows no batch axes');
    const indices = required(inputs, 'indices');
    const gathered = gather(
      backend,
      required(inputs, 'x'),
      backend.readSync(indices.dataId) as Int32Array,
      axis as number,
    );
    const place = axis as number;
    return { ...gathered, shape: gathered.shape.toSpliced(place, 1, ...indices.shape) };
  },
  GatherRows: (backend, inputs, { indices }) => gather(backend, required(inputs, 'x'), indices as Int32Array, 0),
  ScatterAddRows: (backend, inputs, { indices, size }) => {
    const x = required(inputs, 'x');
    return scatterAdd(backend, x, indices as Int32Array, [size as number, ...x.shape.slice(1)]);
  },
  ScatterNd: (backend, inputs, { shape }) => {
    const indices = required(inputs, 'indices');
    const depth = indices.shape.at(-1) ?? 1;
    const places = backend.readSync(indices.dataId) as Int32Array;
    const axes = (shape as number[]).slice(0, depth);
    const strides = stridesOf(axes);
    const rows = Int32Array.from({ length: places.length / depth }, (_, row) =>
      strides.reduce((sum, stride, axis) => sum + stride * (places[row * depth + axis] ?? 0), 0),
    );
    return scatterAdd(backend, required(inputs, 'updates'), rows, shape as number[]);
  },

  BatchMatMul: (backend, inputs, { transposeA, transposeB }) =>
    matMul(backend, inputs, { transposeA: transposeA === true, transposeB: transposeB === true }),
  _FusedMatMul: (backend, inputs, { transposeA, transposeB, activation }) => {
    const product = matMul(backend, inputs, { transposeA: transposeA === true, transposeB: transposeB === true });
    const { bias } = inputs;
    const sum = bias === undefined ? product : combine(backend, 'Add', product, bias);
    if (sum !== product) backend.disposeData(product.dataId);
    if (activation === undefined || activation === null || activation === 'linear') return sum;
    if (activation !== 'relu') throw new RangeError(`the native matMul fuses no ${String(activation)}`);
    const output = map(backend, 'Relu', sum);
    backend.disposeData(sum.dataId);
    return output;
  },
};

/** tfjs-core exports the name of each kernel under that name. */
function tfjsKernelNames(): string[] {
  return Object.entries(tf).flatMap(([key, value]) => (key === value ? [key] : []));
}

function refuse(kernelName: string): never {
  throw new DeviceError(`The native backend has no kernel ${kernelName}`, {
    hint: 'Use --device wasm for this, or add the kernel to src/engine/native/native-kernels.ts.',
  });
}

function ofEach(names: readonly string[], kernelNamed: (name: string) => Kernel): Record<string, Kernel> {
  return Object.fromEntries(names.map((name) => [name, kernelNamed(name)]));
}

function required(inputs: Inputs, name: string): tf.TensorInfo {
  const input = inputs[name];
  if (input === undefined) throw new TypeError(`a kernel was called without its input ${name}`);
  return input;
}

function sizeOf({ shape }: tf.TensorInfo): number {
  return tf.util.sizeFromShape(shape);
}

/** Elements between neighbours along each axis of a contiguous tensor. */
function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((size, dimension) => size * dimension, 1));
}

function shared(backend: NativeBackend, x: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape, dtype: x.dtype };
}

/** By way of JavaScript: it is rare. */
function cast(backend: NativeBackend, x: tf.TensorInfo, dtype: tf.DataType): tf.TensorInfo {
  if (x.dtype === dtype) return shared(backend, x, x.shape);
  const values = backend.readSync(x.dataId) as Float32Array | Int32Array | Uint8Array;
  const converted = dtype === 'bool' ? Uint8Array.from(values, (value) => (value === 0 ? 0 : 1)) : values;
  return { dataId: backend.write(converted, x.shape, dtype), shape: x.shape, dtype };
}

function combineKernel(name: string): Kernel {
  return (backend, inputs) => combine(backend, name, required(inputs, 'a'), required(inputs, 'b'));
}

function combine(backend: NativeBackend, name: string, a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo {
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const output = backend.allocate(shape);
  backend.addon.combine(
    name,
    backend.floatBlock(a),
    broadcastStrides(a.shape, shape.length),
    backend.floatBlock(b),
    broadcastStrides(b.shape, shape.length),
    Int32Array.from(shape),
    backend.floatBlock(output),
  );
  return output;
}

/** The strides of a tensor seen with more axes; 0 along those it is repeated over. */
function broadcastStrides(shape: readonly number[], rank: number): Int32Array {
  const strides = stridesOf(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride));
  return Int32Array.from([...Array<number>(rank - shape.length).fill(0), ...strides]);
}

function mapKernel(name: string): Kernel {
  return (backend, inputs) => map(backend, name, required(inputs, 'x'));
}

function map(backend: NativeBackend, name: string, x: tf.TensorInfo): tf.TensorInfo {
  const output = backend.allocate(x.shape);
  backend.addon.map(name, backend.floatBlock(x), sizeOf(x), backend.floatBlock(output));
  return output;
}

/** Brings the axes to the end, so that each row is what is to be reduced to one number. */
function rowsAlong(backend: NativeBackend, x: tf.TensorInfo, axis: number | number[]) {
  const axes = tf.util.parseAxisParam(axis, x.shape);
  const others = x.shape.map((_, place) => place).filter((place) => !axes.includes(place));
  const order = [...others, ...axes];
  const isInOrder = order.every((place, index) => place === index);
  const rows = isInOrder ? x : transpose(backend, x, order);
  return {
    rows: { ...rows, shape: [-1, axes.reduce((size, place) => size * (x.shape[place] ?? 1), 1)] },
    outerShape: others.map((place) => x.shape[place] ?? 1),
    dispose: () => {
      if (!isInOrder) backend.disposeData(rows.dataId);
    },
  };
}

function reduceKernel(name: string): Kernel {
  return (backend, inputs, { axis, reductionIndices, keepDims }) => {
    const x = required(inputs, 'x');
    const wanted = (axis ?? reductionIndices) as number | number[];
    const { rows, outerShape, dispose } = rowsAlong(backend, x, wanted);
    const output = backend.allocate(outerShape);
    const width = rows.shape[1] ?? 1;
    backend.addon.reduce(name, backend.floatBlock(rows), sizeOf(output), width, backend.floatBlock(output));
    dispose();
    const axes = tf.util.parseAxisParam(wanted, x.shape);
    return keepDims === true ? { ...output, shape: tf.backend_util.expandShapeToKeepDim(outerShape, axes) } : output;
  };
}

interface StridedCopy {
  readonly offset: number;
  readonly shape: number[];
  readonly strides: readonly number[];
}

function copyStrided(backend: NativeBackend, x: tf.TensorInfo, { offset, shape, strides }: StridedCopy): tf.TensorInfo {
  const output = backend.allocate(shape, x.dtype);
  const { block, elementBytes } = backend.block(x);
  const target = backend.block(output).block;
  backend.addon.copyStrided(block, offset, Int32Array.from(shape), Int32Array.from(strides), elementBytes, target);
  return output;
}

function transpose(backend: NativeBackend, x: tf.TensorInfo, order: readonly number[]): tf.TensorInfo {
  const strides = stridesOf(x.shape);
  return copyStrided(backend, x, {
    offset: 0,
    shape: order.map((axis) => x.shape[axis] ?? 1),
    strides: order.map((axis) => strides[axis] ?? 0),
  });
}

function concat(backend: NativeBackend, parts: readonly tf.TensorInfo[], axis: number): tf.TensorInfo {
  const place = axis < 0 ? axis + (parts[0]?.shape.length ?? 0) : axis;
  const shape = tf.backend_util.computeOutShape(
    parts.map((part) => part.shape),
    place,
  );
  const output = backend.allocate(shape, parts[0]?.dtype);
  const rows = tf.util.sizeFromShape(shape.slice(0, place));
  const rowLength = tf.util.sizeFromShape(shape.slice(place));
  const target = backend.block(output).block;
  let offset = 0;
  for (const part of parts) {
    const { block, elementBytes } = backend.block(part);
    const length = tf.util.sizeFromShape(part.shape.slice(place));
    backend.addon.copyRows(block, target, rows, length, rowLength, offset, elementBytes);
    offset += length;
  }
  return output;
}

function gather(backend: NativeBackend, x: tf.TensorInfo, indices: Int32Array, axis: number): tf.TensorInfo {
  const output = backend.allocate(x.shape.toSpliced(axis, 1, indices.length), x.dtype);
  const { block, elementBytes } = backend.block(x);
  const outer = tf.util.sizeFromShape(x.shape.slice(0, axis));
  const length = tf.util.sizeFromShape(x.shape.slice(axis + 1));
  const target = backend.block(output).block;
  backend.addon.gatherRows(block, x.shape[axis] ?? 0, indices, outer, length, elementBytes, target);
  return output;
}

/** Sums rows of updates into those of zeros; a row is what follows the axes that `rows` counts through. */
function scatterAdd(backend: NativeBackend, updates: tf.TensorInfo, rows: Int32Array, shape: number[]): tf.TensorInfo {
  const output = backend.allocate(shape);
  const length = rows.length === 0 ? sizeOf(output) : sizeOf(updates) / rows.length;
  const size = length === 0 ? 0 : sizeOf(output) / length;
  backend.addon.scatterAddRows(backend.floatBlock(updates), rows, length, backend.floatBlock(output), size);
  return output;
}

interface Transposed {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function matMul(backend: NativeBackend, inputs: Inputs, { transposeA, transposeB }: Transposed): tf.TensorInfo {
  const [a, b] = [required(inputs, 'a'), required(inputs, 'b')];
  const [aRows = 1, aColumns = 1] = a.shape.slice(-2);
  const [bRows = 1, bColumns = 1] = b.shape.slice(-2);
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [bInner, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  if (k !== bInner)
    throw new RangeError(`matMul of [${a.shape}] and [${b.shape}]: the inner sizes ${k} and ${bInner} differ`);
  const outer = tf.backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const output = backend.allocate([...outer, m, n]);
  backend.addon.batchGemm(
    backend.floatBlock(a),
    backend.floatBlock(b),
    backend.floatBlock(output),
    tf.util.sizeFromShape(outer),
    tf.util.sizeFromShape(a.shape.slice(0, -2)),
    tf.util.sizeFromShape(b.shape.slice(0, -2)),
    m,
    n,
    k,
    transposeA,
    transposeB,
  );
  return output;
}
