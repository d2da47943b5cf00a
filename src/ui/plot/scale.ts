/** Axes: a range with round ends and the words for a place on it. */

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** The smallest range with round ends that holds all finite values; null when there are none. */
export function niceRange(values: Iterable<number>): Range | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return null;
  if (low === high) {
    const margin = low === 0 ? 1 : Math.abs(low) * 0.1;
    return { low: low - margin, high: high + margin };
  }
  const step = niceStep((high - low) / 4);
  return { low: round(Math.floor(low / step) * step), high: round(Math.ceil(high / step) * step) };
}

/** Round values within the range, by which an axis is divided: three to six of them, or every so many where `most` is less. */
export function ticks({ low, high }: Range, most = 6): number[] {
  const step = niceStep((high - low) / 5);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const all = Array.from({ length: last - first + 1 }, (_, index) => round((first + index) * step));
  const stride = most < 3 ? all.length - 1 : Math.ceil(all.length / most);
  return all.filter((_, index) => index % Math.max(1, stride) === 0);
}

/** The value as a label whose precision fits the range. */
export function tickLabel(value: number, { low, high }: Range): string {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  if (largest > 0 && (largest < 0.01 || largest >= 1e5)) {
    return value === 0 ? '0' : value.toExponential(1).replace('.0e', 'e').replace('e+', 'e');
  }
  const decimals = Math.min(4, Math.max(0, 1 - Math.floor(Math.log10(high - low))));
  return value.toFixed(decimals);
}

// 1, 2 or 5 times a power of ten, at least `rough`.
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

// Takes the noise of binary fractions away: 0.30000000000000004 is 0.3.
function round(value: number): number {
  return Number(value.toPrecision(12));
}
