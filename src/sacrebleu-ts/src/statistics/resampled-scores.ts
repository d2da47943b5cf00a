/**
 * The metrics' formulas as NumPy works them out for one resample, where the added counts are float32. Whole-corpus scores
 * never come here: Python adds their counts as its own numbers.
 */
import type { BleuFormula } from '../bleu-score.ts';
import { smoothDefaults } from '../bleu-score.ts';
import type { ChrfFormula } from '../chrf-score.ts';
import { exp, log } from '../exact/exp-log.ts';
import { compensatedSum } from '../python/compensated-sum.ts';
import { isSumCompensated, type Profile } from './profile.ts';
import { arithmeticOf, double, type Scalar, single } from './scalar.ts';

const ZERO = double(0);
const HUNDRED = double(100);

/**
 * BLEU of one resample; always float64, since Python's `math.log` is.
 *
 * @param sum `[words, words of the references, matches of each order, n-grams of each order]`, float32 each
 */
export function resampledBleu(sum: ArrayLike<number>, formula: BleuFormula, profile: Profile): Scalar {
  const { add, multiply, divide } = arithmeticOf(profile);
  const orders = (sum.length - 2) / 2;
  const at = (place: number): Scalar => single(sum[place] ?? 0);
  const [sysLen, refLen] = [at(0).value, at(1).value];
  let hasMatch = false;
  for (let order = 0; order < orders; order++) hasMatch ||= at(2 + order).value !== 0;
  if (!hasMatch) return ZERO;

  const { smoothMethod, effectiveOrder } = formula;
  const smoothValue = double(formula.smoothValue ?? smoothDefaults[smoothMethod] ?? 0);
  // In place in a float32 array: rounded to float32 whatever the addition gave.
  const smoothed = (count: Scalar): Scalar => single(Math.fround(add(count, smoothValue).value));
  const precisions = new Array<number>(orders).fill(0);
  let counted = orders;
  let halving = 1;
  for (let order = 0; order < orders; order++) {
    const isSmoothed = smoothMethod === 'add-k' && order > 0;
    const count = isSmoothed ? smoothed(at(2 + order)) : at(2 + order);
    const total = isSmoothed ? smoothed(at(2 + orders + order)) : at(2 + orders + order);
    if (total.value === 0) break;
    if (effectiveOrder) counted = order + 1;
    if (count.value !== 0) {
      precisions[order] = divide(multiply(HUNDRED, count), total).value;
    } else if (smoothMethod === 'exp') {
      halving *= 2;
      precisions[order] = divide(HUNDRED, multiply(double(halving), total)).value;
    } else if (smoothMethod === 'floor') {
      precisions[order] = divide(multiply(HUNDRED, smoothValue), total).value;
    }
  }
  const penalty = sysLen >= refLen ? 1 : sysLen > 0 ? exp(1 - refLen / sysLen) : 0;
  const logs = precisions.slice(0, counted).map((precision) => (precision === 0 ? -9999999999 : log(precision)));
  const added = isSumCompensated(profile) ? compensatedSum(logs) : logs.reduce((total, value) => total + value, 0);
  return double(penalty * exp(added / counted));
}

/**
 * chrF of one resample.
 *
 * @param sum three numbers an order: n-grams of the hypotheses, of the references, matches; float32 each
 */
export function resampledChrf(
  sum: ArrayLike<number>,
  formula: Pick<ChrfFormula, 'beta' | 'epsSmoothing'>,
  profile: Profile,
): Scalar {
  const { add, multiply, divide } = arithmeticOf(profile);
  const orders = sum.length / 3;
  const at = (place: number): Scalar => single(sum[place] ?? 0);
  const epsilon = double(1e-16);
  const factor = double(formula.beta * formula.beta);
  const onePlusFactor = double(1 + formula.beta * formula.beta);
  let score = ZERO;
  let precisions = ZERO;
  let recalls = ZERO;
  let effectiveOrders = 0;
  for (let order = 0; order < orders; order++) {
    const [inHypothesis, inReference, matches] = [at(3 * order), at(3 * order + 1), at(3 * order + 2)];
    const precision = inHypothesis.value > 0 ? divide(matches, inHypothesis) : epsilon;
    const recall = inReference.value > 0 ? divide(matches, inReference) : epsilon;
    const denominator = add(multiply(factor, precision), recall);
    const harmonic = (): Scalar => divide(multiply(multiply(onePlusFactor, precision), recall), denominator);
    score = add(score, denominator.value > 0 ? harmonic() : epsilon);
    if (inHypothesis.value > 0 && inReference.value > 0) {
      precisions = add(precisions, precision);
      recalls = add(recalls, recall);
      effectiveOrders++;
    }
  }
  if (formula.epsSmoothing) return divide(multiply(HUNDRED, score), double(orders));
  if (effectiveOrders === 0) return ZERO;
  const precision = divide(precisions, double(effectiveOrders));
  const recall = divide(recalls, double(effectiveOrders));
  if (add(precision, recall).value === 0) return ZERO;
  const numerator = multiply(multiply(onePlusFactor, precision), recall);
  return multiply(HUNDRED, divide(numerator, add(multiply(factor, precision), recall)));
}

/**
 * TER of one resample.
 *
 * @param sum `[edits, words of the references]`, float32 each
 */
export function resampledTer(sum: ArrayLike<number>, profile: Profile): Scalar {
  const { multiply, divide } = arithmeticOf(profile);
  const [edits = 0, length = 0] = [sum[0], sum[1]];
  if (length > 0) return multiply(HUNDRED, divide(single(edits), single(length)));
  return edits > 0 ? HUNDRED : ZERO;
}
