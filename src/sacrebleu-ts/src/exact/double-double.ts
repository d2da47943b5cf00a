/**
 * Numbers of about 106 bits as the unevaluated sum of two doubles, `hi + lo` with |lo| at most half a unit in the last
 * place of hi. Enough to find the correctly rounded double of exp and log.
 *
 * The algorithms are Dekker's and Knuth's: T. J. Dekker, "A floating-point technique for extending the available
 * precision" (1971). Valid while nothing overflows or underflows.
 */
export interface DoubleDouble {
  readonly hi: number;
  readonly lo: number;
}

/** a + b without error. */
export function twoSum(a: number, b: number): DoubleDouble {
  const hi = a + b;
  const part = hi - a;
  return { hi, lo: a - (hi - part) + (b - part) };
}

/** a + b without error when |a| >= |b|. */
function quickTwoSum(a: number, b: number): DoubleDouble {
  const hi = a + b;
  return { hi, lo: b - (hi - a) };
}

/** a * b without error. */
export function twoProduct(a: number, b: number): DoubleDouble {
  const hi = a * b;
  const [aHigh, aLow] = splitInHalves(a);
  const [bHigh, bLow] = splitInHalves(b);
  return { hi, lo: aHigh * bHigh - hi + aHigh * bLow + aLow * bHigh + aLow * bLow };
}

export function add(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const high = twoSum(a.hi, b.hi);
  const low = twoSum(a.lo, b.lo);
  const sum = quickTwoSum(high.hi, high.lo + low.hi);
  return quickTwoSum(sum.hi, sum.lo + low.lo);
}

export function multiply(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const product = twoProduct(a.hi, b.hi);
  return quickTwoSum(product.hi, product.lo + (a.hi * b.lo + a.lo * b.hi));
}

/** a / b by long division with three quotient digits of a double each. */
export function divide(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const first = a.hi / b.hi;
  let rest = subtract(a, multiply(b, { hi: first, lo: 0 }));
  const second = rest.hi / b.hi;
  rest = subtract(rest, multiply(b, { hi: second, lo: 0 }));
  const third = rest.hi / b.hi;
  const sum = quickTwoSum(first, second);
  return add(sum, { hi: third, lo: 0 });
}

function subtract(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  return add(a, { hi: -b.hi, lo: -b.lo });
}

/** Two numbers of 26 bits each whose sum is `value`. */
function splitInHalves(value: number): [number, number] {
  const scaled = 134217729 * value; // 2^27 + 1
  const high = scaled - (scaled - value);
  return [high, value - high];
}
