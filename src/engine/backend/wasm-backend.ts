import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { DeviceError } from '../../errors.ts';
import type { BackendChoice } from './backend-choice.ts';

/** The most memory tfjs's WebAssembly module can have; compiled into its binary. */
const WASM_HEAP_LIMIT_BYTES = 4 * 1024 ** 3;

/** Opens tfjs's WebAssembly backend: one core, SIMD where Node has it (always, from Node 16.4). */
export async function openWasm(): Promise<BackendChoice> {
  const { version_wasm: version } = await import('@tensorflow/tfjs-backend-wasm');
  const hasStarted = await withoutNewProcessListeners(() => tf.setBackend('wasm'));
  if (!hasStarted) {
    throw new DeviceError('The wasm backend of tfjs does not start', {
      hint: 'Reinstall the packages with "npm ci", or use --device cpu.',
    });
  }
  const backend = tf.backend() as BackendWasm;
  throwWhenHeapIsFull(backend);
  shareDataOfClones(backend);
  return {
    name: 'wasm',
    description: 'WebAssembly with SIMD on one core, 4 GB of memory at most',
    versions: { 'tfjs-backend-wasm': version },
  };
}

/**
 * Emscripten adds listeners of its own to `uncaughtException` and `unhandledRejection`, which would change how this
 * process ends; they are taken off again.
 */
async function withoutNewProcessListeners<T>(start: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => new Set<unknown>(process.listeners(event as 'uncaughtException')));
  const result = await start();
  events.forEach((event, index) => {
    for (const listener of process.listeners(event as 'uncaughtException')) {
      if (!before[index]?.has(listener)) process.removeListener(event, listener);
    }
  });
  return result;
}

interface EmscriptenMemory {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** Modules whose allocations are checked already: opening a backend again gives the same one. */
const guarded = new WeakSet<object>();

/**
 * tfjs checks no allocation: it takes the null pointer of a full heap, or a size cut to 32 bits, for good and overwrites
 * what lies there. Throws instead.
 */
function throwWhenHeapIsFull(backend: BackendWasm): void {
  const wasm = backend.wasm as unknown as EmscriptenMemory;
  if (guarded.has(wasm)) return;
  guarded.add(wasm);
  wasm._free(wasm._malloc(4)); // on its first call Emscripten's function puts another in its place
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = bytes < WASM_HEAP_LIMIT_BYTES ? allocate(bytes) : 0;
    if (address === 0 && bytes > 0) {
      throw new DeviceError(
        `The wasm backend has no ${Math.ceil(bytes / 1e6)} MB left for a tensor; its memory is 4 GB at most`,
        {
          hint: 'Lower per_device_train_batch_size (and raise gradient_accumulation_steps), or max_source_length and max_target_length.',
        },
      );
    }
    return address;
  };
}

/**
 * tfjs's clone on wasm copies the values. Lets clones share them, as they do on every other backend: tensors never change
 * theirs, and gradients are handed on by cloning.
 */
function shareDataOfClones(backend: BackendWasm): void {
  tf.unregisterKernel('Identity', 'wasm');
  tf.registerKernel({
    kernelName: 'Identity',
    backendName: 'wasm',
    kernelFunc: ({ inputs: { x } }) => {
      if (x === undefined) throw new TypeError('Identity was called without its input x');
      backend.incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    },
  });
}
