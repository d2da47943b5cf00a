/** Scores of many resamples, as a NumPy array holds them, and what the tests take from them. */
import { exactMean } from './exact-mean.ts';
import type { Scalar } from './scalar.ts';

/** float32 where every score is, else float64: an array has one type. */
export interface ScoreList {
  readonly values: Float64Array;
  readonly isSingle: boolean;
}

export interface Confidence {
  /** Mean of the scores of the resamples. */
  readonly mean: number;
  /** Half the width of the interval that holds 95 % of them. */
  readonly ci: number;
}

export function scoreList(scores: readonly Scalar[]): ScoreList {
  return {
    values: Float64Array.from(scores, ({ value }) => value),
    isSingle: scores.every(({ isSingle }) => isSingle),
  };
}

/** Mean and interval of one system alone, as Python's `statistics` has the mean: exact. */
export function exactConfidence(scores: ScoreList): Confidence {
  return { mean: rounded(exactMean(scores.values), scores), ci: halfWidth(scores) };
}

/** Mean and interval as NumPy has them, whose mean rounds: in paired tests. */
export function numpyConfidence(scores: ScoreList): Confidence {
  // estimate_ci sorts before it takes the mean.
  return { mean: numpyMean({ ...scores, values: scores.values.slice().sort() }), ci: halfWidth(scores) };
}

/** |left - right|, pair by pair. */
export function differences(left: ScoreList, right: ScoreList): ScoreList {
  const isSingle = left.isSingle && right.isSingle;
  const values = left.values.map((value, index) => rounded(Math.abs(value - (right.values[index] ?? 0)), { isSingle }));
  return { values, isSingle };
}

/** Every value less the mean of all. */
export function centred(scores: ScoreList): ScoreList {
  const mean = numpyMean(scores);
  return { ...scores, values: scores.values.map((value) => rounded(value - mean, scores)) };
}

/** (values above the limit + 1) / (values + 1): the one more keeps chance from being ruled out (Noreen, 1989). */
export function pValue(scores: ScoreList, limit: number): number {
  const compared = rounded(limit, scores);
  let above = 0;
  for (const value of scores.values) if (value > compared) above++;
  return (above + 1) / (scores.values.length + 1);
}

function halfWidth(scores: ScoreList): number {
  const sorted = scores.values.slice().sort();
  const cut = Math.floor(sorted.length / 40);
  const [lower = 0, upper = 0] = [sorted[cut], sorted[sorted.length - cut - 1]];
  return 0.5 * rounded(upper - lower, scores);
}

function numpyMean(scores: ScoreList): number {
  const { values } = scores;
  return rounded(pairwiseSum(values, 0, values.length, scores) / values.length, scores);
}

/** NumPy's pairwise summation: eight running sums in blocks of up to 128, halves above. */
function pairwiseSum(values: Float64Array, start: number, count: number, type: { readonly isSingle: boolean }): number {
  const add = (left: number, right: number): number => rounded(left + right, type);
  const at = (offset: number): number => values[start + offset] ?? 0;
  if (count < 8) {
    let sum = 0;
    for (let offset = 0; offset < count; offset++) sum = add(sum, at(offset));
    return sum;
  }
  if (count > 128) {
    const half = Math.floor(count / 2) - (Math.floor(count / 2) % 8);
    return add(pairwiseSum(values, start, half, type), pairwiseSum(values, start + half, count - half, type));
  }
  const sums = Array.from({ length: 8 }, (_, lane) => at(lane));
  let offset = 8;
  for (; offset < count - (count % 8); offset += 8) {
    for (let lane = 0; lane < 8; lane++) sums[lane] = add(sums[lane] ?? 0, at(offset + lane));
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = sums;
  let sum = add(add(add(a, b), add(c, d)), add(add(e, f), add(g, h)));
  for (; offset < count; offset++) sum = add(sum, at(offset));
  return sum;
}

function rounded(value: number, { isSingle }: { readonly isSingle: boolean }): number {
  return isSingle ? Math.fround(value) : value;
}
