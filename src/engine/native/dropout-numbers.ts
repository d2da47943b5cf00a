import type { Dropout } from '../model/ops/fused-ops.ts';
import type { DropoutNumbers } from './addon-functions.ts';

/** Returns dropout as the addon's functions take it. */
export function dropoutNumbers(dropout: Dropout | null): DropoutNumbers {
  return dropout === null ? [0, 0, 0] : [dropout.rate, dropout.seedKey, dropout.siteKey];
}
