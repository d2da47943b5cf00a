/**
 * exp and log rounded to the nearest double, because `Math.exp` and `Math.log` differ between engines and from the C
 * library Python calls: of 200,000 inputs like BLEU's, V8's exp differs in one of ten.
 *
 * Both are computed to about 100 bits and then rounded, so a wrong last bit needs a value within 2^-47 units of a
 * midpoint between two doubles. Results below 2^-1022 are rounded twice.
 */
import { add, type DoubleDouble, divide, multiply, twoProduct, twoSum } from './double-double.ts';

const ONE: DoubleDouble = { hi: 1, lo: 0 };

// ln 2 in three parts; the first two have 32 bits, so that an exponent times them is exact.
const LN2_HIGH = 0.6931471803691238;
const LN2_MIDDLE = 1.9082149288430703e-10;
const LN2_LOW = 4.275175589747649e-20;

/** e^x, correctly rounded. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -745.1332191019412) return 0;
  const exponent = Math.round(x / Math.LN2);
  const { hi, lo } = add(ONE, expMinusOne(add({ hi: x, lo: 0 }, timesLn2(-exponent))));
  // In two steps: 2^exponent alone may be out of range where the product is not.
  const half = Math.trunc(exponent / 2);
  return (hi + lo) * 2 ** half * 2 ** (exponent - half);
}

/** The natural logarithm, correctly rounded; -Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0) || x === Number.POSITIVE_INFINITY) return Math.log(x);
  let exponent = Math.floor(Math.log2(x));
  let mantissa = x / 2 ** exponent;
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  // ln m = 2 artanh(s) with s = (m - 1) / (m + 1); m - 1 is exact for m in [1/2, 2].
  const s = divide({ hi: mantissa - 1, lo: 0 }, twoSum(mantissa, 1));
  const square = multiply(s, s);
  let series: DoubleDouble = { hi: 0, lo: 0 };
  for (const reciprocal of ODD_RECIPROCALS) series = add(multiply(series, square), reciprocal);
  const { hi, lo } = multiply(s, series);
  const sum = add(timesLn2(exponent), { hi: 2 * hi, lo: 2 * lo });
  return sum.hi + sum.lo;
}

/** 1/49, 1/47, … 1/3, 1: the coefficients of artanh(s) / s in s². The next term is below 2^-110 for |s| <= 0.172. */
const ODD_RECIPROCALS: readonly DoubleDouble[] = Array.from({ length: 25 }, (_, index) =>
  divide(ONE, { hi: 49 - 2 * index, lo: 0 }),
);

/** e^r - 1 for |r| <= 0.35: Taylor's series at r / 256, then eight times (1 + y)² - 1 = 2y + y². */
function expMinusOne(r: DoubleDouble): DoubleDouble {
  const small = { hi: r.hi / 256, lo: r.lo / 256 };
  let series = ONE;
  for (let n = 12; n >= 2; n--) series = add(ONE, multiply(divide(small, { hi: n, lo: 0 }), series));
  let result = multiply(small, series);
  for (let doubling = 0; doubling < 8; doubling++) {
    result = add({ hi: 2 * result.hi, lo: 2 * result.lo }, multiply(result, result));
  }
  return result;
}

function timesLn2(factor: number): DoubleDouble {
  return add(twoSum(factor * LN2_HIGH, factor * LN2_MIDDLE), twoProduct(factor, LN2_LOW));
}
