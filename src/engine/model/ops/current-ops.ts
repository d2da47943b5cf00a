import * as tf from '@tensorflow/tfjs-core';
import { composedOps } from './composed/composed-ops.ts';
import type { FusedOps } from './fused-ops.ts';

const registered = new Map<string, FusedOps>();

/** Makes `ops` those of the tfjs backend of that name; others use `composedOps`. */
export function registerFusedOps(backendName: string, ops: FusedOps): void {
  registered.set(backendName, ops);
}

/** Returns the operations of tfjs's current backend. */
export function fusedOps(): FusedOps {
  return registered.get(tf.getBackend()) ?? composedOps;
}
