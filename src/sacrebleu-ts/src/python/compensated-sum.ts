/**
 * The sum of the numbers as Python's `sum()` since 3.12: Neumaier's compensated summation. BLEU adds its
 * log-precisions with it, so it decides the last digits of three scores in ten.
 */
export function compensatedSum(values: readonly number[]): number {
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return lost !== 0 && Number.isFinite(lost) ? sum + lost : sum;
}
