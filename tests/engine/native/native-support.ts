/** Runs the same on the native backend and on another. Tests are skipped where the addon was not built. */
import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { fusedOps } from '../../../src/engine/model/ops/current-ops.ts';
import type { FusedOps } from '../../../src/engine/model/ops/fused-ops.ts';
import type { NativeAddon } from '../../../src/engine/native/addon-functions.ts';
import { loadAddon } from '../../../src/engine/native/load-addon.ts';
import { registerNative } from '../../../src/engine/native/register-native.ts';

export const isAddonBuilt = existsSync(new URL('../../../build/bleubird.node', import.meta.url));

/** Then each block is the system's own, so that the sanitizer sees the first byte beyond. */
export const isSanitized = process.env.BLEUBIRD_ADDON?.includes('sanitize') === true;

export interface NativeSettings {
  readonly isa?: string;
  readonly threads?: number;
  readonly precision?: 'f32' | 'bf16';
}

/** Makes `native` tfjs's backend, unless told otherwise in float32 on one thread and the best instruction set. */
export async function openNativeForTests({
  isa = '',
  threads = 1,
  precision = 'f32',
}: NativeSettings = {}): Promise<NativeAddon> {
  tf.enableProdMode();
  const addon = loadAddon();
  addon.chooseIsa(isa);
  addon.setPrecision(precision);
  addon.setThreads(threads);
  registerNative(addon);
  await tf.setBackend('native');
  return addon;
}

export type Outputs = Record<string, ArrayLike<number>>;

/** Returns what `run` gives with the operations of the current backend; its tensors are disposed. */
export function runTidily(run: (ops: FusedOps) => Outputs): Outputs {
  let outputs: Outputs = {};
  tf.tidy(() => {
    outputs = run(fusedOps());
  });
  return outputs;
}

/** Blocks in use. */
export function countBlocks(addon: NativeAddon): number {
  const counters = new Float64Array(5);
  addon.memoryCounters(counters);
  return counters[0] ?? Number.NaN;
}

/** The instruction sets this machine can run, slowest first. */
export function runnableIsas(): string[] {
  if (!isAddonBuilt) return [];
  const lines = loadAddon().isas().trim().split('\n');
  return lines.flatMap((line) => {
    const [name = '', obstacle = ''] = line.split('\t');
    return obstacle === '' ? [name] : [];
  });
}
