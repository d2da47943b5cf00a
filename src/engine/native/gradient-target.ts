import type { ParameterGradient } from '../model/ops/parameter-gradient.ts';
import type { BlockHandle } from './addon-functions.ts';
import type { NativeBackend } from './native-backend.ts';

/** Where a kernel writes a parameter's gradient, and whether it adds to what is there; from now on that counts. */
export function gradientTarget(
  gradient: ParameterGradient,
  backend: NativeBackend,
): { readonly target: BlockHandle; readonly adds: boolean } {
  const adds = !gradient.isEmpty;
  gradient.isEmpty = false;
  return { target: backend.writableBlock(gradient.sum), adds };
}
