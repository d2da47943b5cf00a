/** Numbers as people read them. Each function is total: null and non-finite numbers have a look of their own. */
import type { Style, Symbols } from '../theme.ts';

/** A BLEU score with one decimal, as papers print it. */
export function formatBleu(score: number | null, symbols: Symbols): string {
  return score === null || !Number.isFinite(score) ? symbols.missing : score.toFixed(1);
}

/** A signed difference with an arrow, and the tone that goes with it; `isLowerBetter` for losses. */
export function formatDelta(
  delta: number | null,
  symbols: Symbols,
  options: { decimals?: number; isLowerBetter?: boolean } = {},
): { text: string; style: Style } {
  if (delta === null || !Number.isFinite(delta)) return { text: symbols.missing, style: { tone: 'muted' } };
  const size = Math.abs(delta).toFixed(options.decimals ?? 1);
  if (Number(size) === 0) return { text: `${symbols.equal} ${size}`, style: { tone: 'muted' } };
  const isBetter = delta > 0 !== (options.isLowerBetter ?? false);
  const sign = delta > 0 ? '+' : symbols.minus;
  return {
    text: `${delta > 0 ? symbols.up : symbols.down} ${sign}${size}`,
    style: { tone: isBetter ? 'good' : 'bad', bold: true },
  };
}

/** The p-value of a test with 1,000 samples: `p < 0.001`, `p = 0.023`. */
export function formatChance(pValue: number): string {
  return pValue < 0.001 ? 'p < 0.001' : `p = ${pValue.toFixed(3)}`;
}

/** A length of time in its two largest units: `45s`, `3m 12s`, `2h 05m`, `3d 04h`. */
export function formatDuration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '?';
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad2(whole % 60)}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${pad2(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${pad2(hours % 24)}h`;
}

/** How long ago something was, in its largest unit: `now`, `5m`, `3h`, `2d`, `9w`. */
export function formatAge(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'now';
  if (minutes < 60) return `${minutes}m`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h`;
  const days = Math.floor(minutes / (24 * 60));
  return days < 14 ? `${days}d` : `${Math.floor(days / 7)}w`;
}

/** The time of day, `14:05:09`, in the local zone. */
export function formatClock(time: number): string {
  const date = new Date(time);
  return `${pad2(date.getHours())}:${pad2(date.getMinutes())}:${pad2(date.getSeconds())}`;
}

/** About `digits` significant digits, without needless zeros; very small and very large ones with an exponent. */
export function formatNumber(value: number | null, digits = 4): string {
  if (value === null || !Number.isFinite(value)) return 'NaN';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 0.001 || size >= 1e7)
    return value
      .toExponential(Math.min(digits - 1, 2))
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  return String(Number(value.toPrecision(digits)));
}

/** A count in thousands or millions when it is large: `74.6M`, `16k`, `250`. */
export function formatCount(count: number | null): string {
  if (count === null) return '?';
  if (count >= 1e6) return `${Number((count / 1e6).toPrecision(3))}M`;
  if (count >= 1e4) return `${Number((count / 1e3).toPrecision(3))}k`;
  return String(count);
}

/** `2.1 MB`, in powers of 1,000. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

function pad2(value: number): string {
  return String(value).padStart(2, '0');
}
