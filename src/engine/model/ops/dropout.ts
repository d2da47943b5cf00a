/**
 * Dropout from a counter: whether element i of a site is dropped is a hash of (seed, site, i), so the same seed drops the
 * same elements whatever else is drawn, and no two sites share a pattern.
 */
import { fusedOps } from './current-ops.ts';
import type { Dropout } from './fused-ops.ts';
import { hash32 } from './hash32.ts';
import { addGradient, type Rows, rowsOf, type Tape } from './tape.ts';

/** The dropouts of one forward pass, one site after the other. */
export interface DropoutSites {
  /** Gives the next site's; null where nothing is dropped. @param rate of dropped elements, in [0, 1) */
  next(rate: number): Dropout | null;
}

/** Drops nothing, for evaluation and decoding. */
export const NO_DROPOUT: DropoutSites = { next: () => null };

/** Returns the sites of the forward pass with this seed (any integer). */
export function seededDropout(seed: number): DropoutSites {
  const seedKey = hash32(seed | 0);
  let site = 0;
  return {
    next: (rate) => {
      site += 1;
      return rate === 0 ? null : { rate, seedKey, siteKey: hash32(seedKey + site) };
    },
  };
}

/** Returns dropout(x), of x's shape; x itself without a site. */
export function dropout(tape: Tape | null, x: Rows, site: Dropout | null): Rows {
  if (site === null) return x;
  const ops = fusedOps();
  const output = rowsOf(ops.dropout(x.value, site));
  tape?.record(output, [], (gradOutput) => addGradient(x, ops.dropout(gradOutput, site)));
  return output;
}
