/** BLEU from its statistics: the formula, its smoothing, and the result. */
import { exp, log } from './exact/exp-log.ts';
import { compensatedSum } from './python/compensated-sum.ts';
import { formatFixed } from './python/format-number.ts';
import { Score } from './score.ts';
import { DEFAULT_PROFILE, isSumCompensated, type Profile } from './statistics/profile.ts';

/** Each method's default value; null where it takes none. */
export const smoothDefaults = { none: null, floor: 0.1, 'add-k': 1, exp: null } as const;

export type SmoothMethod = keyof typeof smoothDefaults;

export interface BleuStatistics {
  /** `counts[n - 1]`: n-grams found in a reference; `totals[n - 1]`: n-grams of the hypotheses. */
  readonly counts: readonly number[];
  readonly totals: readonly number[];
  /** Words of the hypotheses, and of the references closest in length. */
  readonly sysLen: number;
  readonly refLen: number;
}

export interface BleuFormula {
  readonly smoothMethod: SmoothMethod;
  /** Null takes the method's default. */
  readonly smoothValue: number | null;
  /** Leave out the orders the hypotheses are too short for. */
  readonly effectiveOrder: boolean;
}

export class BLEUScore extends Score {
  /** As they enter the formula: smoothing with add-k has changed them. */
  readonly counts: readonly number[];
  readonly totals: readonly number[];
  /** Percent, one an order. */
  readonly precisions: readonly number[];
  /** Brevity penalty, 0 to 1. */
  readonly bp: number;
  readonly sysLen: number;
  readonly refLen: number;
  /** sysLen / refLen, 0 without references. */
  readonly ratio: number;

  constructor(score: number, statistics: BleuStatistics, precisions: readonly number[], bp: number) {
    super('BLEU', score);
    this.counts = statistics.counts;
    this.totals = statistics.totals;
    this.precisions = precisions;
    this.bp = bp;
    this.sysLen = statistics.sysLen;
    this.refLen = statistics.refLen;
    this.ratio = this.refLen === 0 ? 0 : this.sysLen / this.refLen;
  }

  get verbose(): string {
    const precisions = this.precisions.map((precision) => formatFixed(precision, 1)).join('/');
    const ratio = `ratio = ${formatFixed(this.ratio, 3)}`;
    return `${precisions} (BP = ${formatFixed(this.bp, 3)} ${ratio} hyp_len = ${this.sysLen} ref_len = ${this.refLen})`;
  }
}

/**
 * BLEU of a corpus or a sentence with these statistics, 0 to 100, equal to the last digit to what sacreBLEU gives on
 * the profile's Python wherever the C library under it rounds exp and log to the nearest double. (A perfect score is
 * 100.00000000000004 there, and so here.)
 *
 * Smoothing: B. Chen and C. Cherry, "A Systematic Comparison of Smoothing Techniques for Sentence-Level BLEU" (2014);
 * `floor` is their method 1, `add-k` 2, `exp` 3.
 */
export function bleuFromStatistics(
  statistics: BleuStatistics,
  formula: BleuFormula,
  profile: Profile = DEFAULT_PROFILE,
): BLEUScore {
  const { sysLen, refLen } = statistics;
  const bp = brevityPenalty(sysLen, refLen);
  const precisions = statistics.counts.map(() => 0);
  // No match at any order: 0 whatever the smoothing.
  if (statistics.counts.every((count) => count === 0)) return new BLEUScore(0, statistics, precisions, bp);

  const { smoothMethod, effectiveOrder } = formula;
  const smoothValue = formula.smoothValue ?? smoothDefaults[smoothMethod] ?? 0;
  const counts = [...statistics.counts];
  const totals = [...statistics.totals];
  let orders = counts.length;
  let halving = 1;
  for (let index = 0; index < counts.length; index++) {
    const added = smoothMethod === 'add-k' && index > 0 ? smoothValue : 0;
    const count = (counts[index] ?? 0) + added;
    const total = (totals[index] ?? 0) + added;
    counts[index] = count;
    totals[index] = total;
    if (total === 0) break;
    if (effectiveOrder) orders = index + 1;
    if (count > 0) {
      precisions[index] = (100 * count) / total;
    } else if (smoothMethod === 'exp') {
      halving *= 2;
      precisions[index] = 100 / (halving * total);
    } else if (smoothMethod === 'floor') {
      precisions[index] = (100 * smoothValue) / total;
    }
  }
  const logs = precisions.slice(0, orders).map(logOfPrecision);
  const sum = isSumCompensated(profile) ? compensatedSum(logs) : logs.reduce((total, value) => total + value, 0);
  const score = bp * exp(sum / orders);
  return new BLEUScore(score, { counts, totals, sysLen, refLen }, precisions, bp);
}

function brevityPenalty(sysLen: number, refLen: number): number {
  if (sysLen >= refLen) return 1;
  return sysLen > 0 ? exp(1 - refLen / sysLen) : 0;
}

/** sacreBLEU's stand-in for log 0 makes the whole score 0. */
function logOfPrecision(precision: number): number {
  return precision === 0 ? -9999999999 : log(precision);
}
