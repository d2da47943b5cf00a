/** A curve in one line: each cell the mean of its share of the values. */
import type { Symbols } from '../theme.ts';

/** At most `width` characters; fewer when there are fewer values. Null and non-finite values are left out. */
export function sparkline(values: readonly (number | null)[], width: number, symbols: Symbols): string {
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
  if (finite.length === 0 || width < 1) return '';
  const cells = Math.min(width, finite.length);
  const means = Array.from({ length: cells }, (_, cell) => {
    const share = finite.slice(
      Math.floor((cell * finite.length) / cells),
      Math.floor(((cell + 1) * finite.length) / cells),
    );
    return share.reduce((sum, value) => sum + value, 0) / share.length;
  });
  const low = Math.min(...means);
  const spread = Math.max(...means) - low;
  const top = symbols.spark.length - 1;
  return means
    .map((mean) => symbols.spark[spread === 0 ? Math.floor(top / 2) : Math.round(((mean - low) / spread) * top)])
    .join('');
}
