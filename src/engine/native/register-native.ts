import * as tf from '@tensorflow/tfjs-core';
import { registerDecoder } from '../model/marian/fused-decoder.ts';
import { registerFusedOps } from '../model/ops/current-ops.ts';
import type { NativeAddon } from './addon-functions.ts';
import { NATIVE, NativeBackend } from './native-backend.ts';
import { NativeDecoder } from './native-decoder.ts';
import { registerNativeKernels } from './native-kernels.ts';
import { nativeOps } from './native-ops.ts';

/** Makes `native` known to tfjs and the model's operations, for `tf.setBackend('native')`; again, it changes nothing. */
export function registerNative(addon: NativeAddon): void {
  if (tf.findBackendFactory(NATIVE) != null) return;
  const backend = new NativeBackend(addon);
  tf.registerBackend(NATIVE, () => backend);
  registerNativeKernels();
  registerFusedOps(NATIVE, nativeOps(backend));
  registerDecoder(NATIVE, (parts, ranking) => new NativeDecoder(backend, parts, ranking));
}
