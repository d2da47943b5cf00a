/** Finds and loads the native addon, or says why it is not there. Its functions are documented at their bindings in C++. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DeviceError } from '../../errors.ts';
import type { ArithmeticFunctions, LayoutFunctions, RowFunctions } from './addon-functions.ts';
import type { AttentionFunctions, CrossEntropyFunctions } from './attention-functions.ts';
import type { DecoderFunctions } from './decoder-functions.ts';

/** Names a block of native memory; positive. */
export type BlockHandle = number;

export type TypedArray = Float32Array | Int32Array | Uint8Array | Float64Array;

/** The functions of the addon. Handles are checked: an unknown one, or a block too small, is a RangeError. */
export interface NativeAddon
  extends RowFunctions,
    AttentionFunctions,
    CrossEntropyFunctions,
    DecoderFunctions,
    LayoutFunctions,
    ArithmeticFunctions {
  // settings-bindings.cc
  /** '' is the best of this machine. Throws when it is unknown or impossible here. */
  chooseIsa(name: string): void;
  isa(): string;
  /** A line each, slowest first: name, tab, what stands in its way or nothing. */
  isas(): string;
  /** 1 when matrix products of the current instruction set are faster with bf16 inputs. */
  isBf16Faster(): number;
  setThreads(count: number): void;
  threads(): number;
  setPrecision(name: 'f32' | 'bf16'): void;
  precision(): string;

  // memory-bindings.cc
  /** Contents are undefined. */
  allocate(bytes: number): BlockHandle;
  free(block: BlockHandle): void;
  write(block: BlockHandle, from: TypedArray, byteOffset?: number): void;
  /** Fills `to`. */
  read(block: BlockHandle, to: TypedArray, byteOffset?: number): void;
  /** Fills with: blocks, bytes in use, bytes idle, allocations from the system so far, bytes of packed weights. */
  memoryCounters(to: Float64Array): void;

  // gemm-bindings.cc
  /** c (+)= activation(op(a)·op(b) + bias). @param flags the sum of GEMM_FLAGS */
  gemm(
    a: BlockHandle,
    b: BlockHandle,
    c: BlockHandle,
    m: number,
    n: number,
    k: number,
    flags: number,
    bias: BlockHandle | null,
    activation: number,
    sum: BlockHandle | null,
  ): void;
}

/** `weight`: B's packed form is kept until B changes. */
export const GEMM_FLAGS = { transposeA: 1, transposeB: 2, accumulate: 4, weight: 8 } as const;

/** What the addon calls the activations. */
export const ACTIVATION_CODES = { none: 0, relu: 1, silu: 2, gelu: 3 } as const;

/** BLEUBIRD_ADDON names another folder: build/sanitize or build/emulated, for tests. */
const BUILD_FOLDER =
  process.env.BLEUBIRD_ADDON === undefined
    ? new URL('../../../build/', import.meta.url)
    : pathToFileURL(path.join(process.env.BLEUBIRD_ADDON, path.sep));
const BUILD_HINT = 'Build it with "npm run build:native", which needs c++, g++ or clang++; or use --device wasm.';

/**
 * Returns the addon that `build-addon.mjs` made; the same at each call.
 *
 * @param folder  where to look, for tests; ends in a slash
 * @throws {DeviceError} when it was not built, with the reason, or does not load
 */
export function loadAddon(folder: URL = BUILD_FOLDER): NativeAddon {
  const file = fileURLToPath(new URL('bleubird.node', folder));
  if (!existsSync(file)) {
    const reason = new URL('why-not', folder);
    const why = existsSync(reason) ? `: ${readFileSync(reason, 'utf8').trim()}` : `: there is no ${file}`;
    throw new DeviceError(`The native backend was not built${why}`, { hint: BUILD_HINT });
  }
  try {
    return createRequire(import.meta.url)(file) as NativeAddon;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new DeviceError(`The native backend does not load: ${message}`, { hint: BUILD_HINT, cause });
  }
}
