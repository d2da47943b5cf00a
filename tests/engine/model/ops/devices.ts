/** The devices on which each operation is held to finite differences: in f32, which bf16 would be too coarse for. */
import { type Backend, openBackend } from '../../../../src/engine/backend/open-backend.ts';
import { isAddonBuilt } from '../../native/native-support.ts';

export const devices: readonly Backend['name'][] = [...(isAddonBuilt ? (['native'] as const) : []), 'wasm', 'cpu'];

export async function openInFloat32(device: Backend['name']): Promise<void> {
  await openBackend(device, { precision: 'f32', threads: 2 });
}
