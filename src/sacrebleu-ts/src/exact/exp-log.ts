/**
 * exp and log rounded to the nearest double, because `Math.exp` and `Math.log` differ between engines and from the C
 * library Python calls: of 200,000 inputs like BLEU's, V8's exp differs in one of ten.
 *
 * Both are computed to about 70 bits first. Where an error of that size could change the rounding (Ziv, "Fast evaluation of
 * elementary mathematical functions with correctly rounded last bit", 1991), they are computed again to about 100, so a
 * wrong last bit needs a value within 2^-47 units of a midpoint between two doubles. Results below 2^-1022 are rounded twice.
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
  const rest = add({ hi: x, lo: 0 }, timesLn2(-exponent));
  const quick = quickExp(rest);
  const { hi, lo } = isRoundingSure(quick) ? quick : add(ONE, expMinusOne(rest));
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
  const power = timesLn2(exponent);
  const sumWith = (series: DoubleDouble): DoubleDouble => {
    const { hi, lo } = multiply(s, series);
    return add(power, { hi: 2 * hi, lo: 2 * lo });
  };
  const quick = sumWith(quickArtanhSeries(square));
  const { hi, lo } = isRoundingSure(quick) ? quick : sumWith(artanhSeries(square));
  return hi + lo;
}

/** Whether an error of 2^-68 of its size would not change what the number is rounded to. */
function isRoundingSure({ hi, lo }: DoubleDouble): boolean {
  const error = Math.abs(hi) * QUICK_ERROR;
  return hi + (lo - error) === hi + (lo + error);
}

/** Above what the quick ways are wrong by, 2^-72: their later terms, in doubles, are below 2^-20 of the whole. */
const QUICK_ERROR = 2 ** -68;

/** artanh(s) / s from s². */
function artanhSeries(square: DoubleDouble): DoubleDouble {
  return continueSeries(square, { hi: 0, lo: 0 }, ODD_RECIPROCALS);
}

/** The same, all but the first four terms in doubles. */
function quickArtanhSeries(square: DoubleDouble): DoubleDouble {
  let tail = 0;
  for (let odd = 33; odd >= 9; odd -= 2) tail = tail * square.hi + 1 / odd;
  return continueSeries(square, { hi: tail, lo: 0 }, FIRST_RECIPROCALS);
}

function continueSeries(square: DoubleDouble, start: DoubleDouble, terms: readonly DoubleDouble[]): DoubleDouble {
  let series = start;
  for (const term of terms) series = add(multiply(series, square), term);
  return series;
}

/** 1/49, 1/47, … 1/3, 1: the coefficients of artanh(s) / s in s². The next term is below 2^-110 for |s| <= 0.172. */
const ODD_RECIPROCALS: readonly DoubleDouble[] = Array.from({ length: 25 }, (_, index) =>
  divide(ONE, { hi: 49 - 2 * index, lo: 0 }),
);

const FIRST_RECIPROCALS = ODD_RECIPROCALS.slice(-4);

/** e^r for |r| <= 0.35: e^(k/64) from a table, times the series of what is left, at most 1/128. */
function quickExp(r: DoubleDouble): DoubleDouble {
  const k = Math.round(64 * r.hi);
  const left = add(r, { hi: -k / 64, lo: 0 });
  const t = left.hi;
  const tail = t * t * t * (1 / 6 + t * (1 / 24 + t * (1 / 120 + t * (1 / 720 + t * (1 / 5040 + t / 40320)))));
  const square = multiply(left, left);
  const series = add(ONE, add(left, add({ hi: square.hi / 2, lo: square.lo / 2 }, { hi: tail, lo: 0 })));
  return multiply(EXP_OF_64THS[k + 32] ?? ONE, series);
}

/** e^r - 1 for |r| <= 0.5: Taylor's series at r / 256, then eight times (1 + y)² - 1 = 2y + y². */
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

/** e^(-1/2), e^(-31/64) … e^(1/2). */
const EXP_OF_64THS: readonly DoubleDouble[] = Array.from({ length: 65 }, (_, index) =>
  add(ONE, expMinusOne({ hi: (index - 32) / 64, lo: 0 })),
);
