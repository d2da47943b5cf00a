import type { RunSummary } from '../store/rows.ts';

export const RUN_ORDERS = ['created', 'bleu', 'gain', 'name'] as const;
export type RunOrder = (typeof RUN_ORDERS)[number];

/**
 * Gives runs in an order: the newest, the best or what gained most first, names from A to Z; `isReversed` turns it round.
 * Runs that have not what they are sorted by come last either way. What is equal stays as it was.
 */
export function sortRuns(runs: readonly RunSummary[], order: RunOrder, isReversed: boolean): RunSummary[] {
  const sign = isReversed ? -1 : 1;
  return runs.toSorted((a, b) => {
    if (order === 'name') return sign * a.name.localeCompare(b.name, 'en');
    const [left, right] = [keyOf[order](a), keyOf[order](b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return sign * (right - left);
  });
}

const keyOf: Readonly<Record<Exclude<RunOrder, 'name'>, (run: RunSummary) => number | null>> = {
  created: ({ createdAt }) => createdAt,
  bleu: ({ bleuAfter }) => bleuAfter,
  gain: ({ bleuDelta }) => bleuDelta,
};
