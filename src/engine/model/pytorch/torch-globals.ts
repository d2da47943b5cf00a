/**
 * The names a PyTorch file may use, and what they build. Nothing of Python is called: each is a case below that makes a
 * description of a tensor, checked against its storage.
 */
import type { ModelError } from '../../../errors.ts';
import type { NumberType, PickleValue, TorchGlobal, TorchStorage, TorchTensor } from './pickle-value.ts';

const ORDERED_DICT = 'collections.OrderedDict';
const REBUILD_TENSOR = 'torch._utils._rebuild_tensor_v2';
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter';

const integer = (name: string, sizeBytes: number): NumberType => ({ name, sizeBytes, format: null, isInteger: true });
const NUMBERS_OF_STORAGE: Readonly<Record<string, NumberType>> = {
  'torch.FloatStorage': { name: 'float32', sizeBytes: 4, format: 'F32', isInteger: false },
  'torch.HalfStorage': { name: 'float16', sizeBytes: 2, format: 'F16', isInteger: false },
  'torch.BFloat16Storage': { name: 'bfloat16', sizeBytes: 2, format: 'BF16', isInteger: false },
  'torch.DoubleStorage': { name: 'float64', sizeBytes: 8, format: null, isInteger: false },
  'torch.LongStorage': integer('int64', 8),
  'torch.IntStorage': integer('int32', 4),
  'torch.ShortStorage': integer('int16', 2),
  'torch.CharStorage': integer('int8', 1),
  'torch.ByteStorage': integer('uint8', 1),
  'torch.BoolStorage': integer('bool', 1),
};
const GLOBALS: ReadonlyMap<string, TorchGlobal> = new Map(
  [ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER, ...Object.keys(NUMBERS_OF_STORAGE)].map((name) => [
    name,
    { type: 'global', name },
  ]),
);

/** Most axes of a tensor. */
const MAX_RANK = 16;

/** Makes the error for what a file says, `what` being words that follow "there is". */
type Fault = (what: string) => ModelError;

/** Gives a name that a file may use, or null. @param name module and name with a point between */
export function findGlobal(name: string): TorchGlobal | null {
  return GLOBALS.get(name) ?? null;
}

/** Gives the result of a call. @throws {ModelError} by `fault`, when the arguments are none PyTorch would write */
export function applyGlobal({ name }: TorchGlobal, args: readonly PickleValue[], fault: Fault): PickleValue {
  switch (name) {
    case ORDERED_DICT:
      if (args.length !== 0) throw fault('an OrderedDict made of something');
      return { type: 'dict', entries: new Map() };
    case REBUILD_TENSOR:
      return tensorOf(args, fault);
    case REBUILD_PARAMETER: {
      const [data = null] = args;
      if (!isTensor(data)) throw fault('a parameter of what is no tensor');
      return data;
    }
    default:
      throw fault(`a call of ${name}, which is a type of numbers`);
  }
}

/** Gives the storage a persistent id names. @throws {ModelError} by `fault`, when it is none PyTorch would write */
export function resolvePersistentId(id: PickleValue, fault: Fault): TorchStorage {
  const [kind, global = null, key, , count, view = null] =
    typeof id === 'object' && id?.type === 'tuple' ? id.items : [];
  const numbers = typeof global === 'object' && global?.type === 'global' ? NUMBERS_OF_STORAGE[global.name] : undefined;
  if (kind !== 'storage' || numbers === undefined || typeof key !== 'string' || !isCount(count)) {
    throw fault('a reference to something that is no storage');
  }
  if (view !== null) throw fault('a part of a storage as PyTorch wrote it before 0.4');
  return { type: 'storage', key, numbers, count };
}

function tensorOf([storage, offset, size, stride]: readonly PickleValue[], fault: Fault): TorchTensor {
  const shape = counts(size);
  const strides = counts(stride);
  if (typeof storage !== 'object' || storage?.type !== 'storage' || !isCount(offset) || !shape || !strides) {
    throw fault('a tensor without storage, offset, shape or strides');
  }
  if (shape.length !== strides.length || shape.length > MAX_RANK) {
    throw fault(`a tensor of ${shape.length} axes and ${strides.length} strides`);
  }
  const [count, end] = extent(offset, shape, strides);
  if (end > storage.count || count > storage.count) {
    throw fault(
      `a tensor [${shape.join(', ')}] with strides [${strides.join(', ')}] from number ${offset} on, in a storage of ${storage.count}`,
    );
  }
  return { type: 'tensor', storage, offset, shape, strides };
}

/**
 * Returns how many elements there are, and one more than the last one's place. Products may round or overflow to
 * infinity, yet never come out small: any that is inexact is larger than every storage.
 */
function extent(offset: number, shape: readonly number[], strides: readonly number[]): [number, number] {
  if (shape.includes(0)) return [0, offset];
  let count = 1;
  let last = offset;
  shape.forEach((length, axis) => {
    count *= length;
    last += (length - 1) * (strides[axis] ?? 0);
  });
  return [count, last + 1];
}

function counts(value: PickleValue | undefined): readonly number[] | null {
  if (typeof value !== 'object' || value?.type !== 'tuple') return null;
  return value.items.every(isCount) ? value.items : null;
}

function isCount(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isTensor(value: PickleValue): value is TorchTensor {
  return typeof value === 'object' && value?.type === 'tensor';
}
