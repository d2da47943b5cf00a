/** A bar of cells, to a part of a cell where the terminal can show it. */
import type { Symbols } from '../theme.ts';

/** The filled and the empty part, together exactly `width` cells; `share` is clamped to 0..1. */
export function progressBar(share: number, width: number, symbols: Symbols): { filled: string; empty: string } {
  const cells = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0)) * width;
  const full = Math.floor(cells + 1e-9);
  const part = symbols.barParts[Math.floor((cells - full) * (symbols.barParts.length + 1)) - 1] ?? '';
  const filled = symbols.barFull.repeat(full) + part;
  return { filled, empty: symbols.barEmpty.repeat(Math.max(0, width - full - (part === '' ? 0 : 1))) };
}
