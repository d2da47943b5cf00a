/** The mean as Python's `statistics.mean` has it: an exact fraction, rounded once. */

/** Every float64 is a whole number of these: 2^-1074. */
const SMALLEST_EXPONENT = 1074;

/** The exact mean of the numbers, rounded to the nearest float64. @throws {RangeError} without numbers */
export function exactMean(values: Iterable<number>): number {
  let sum = 0n;
  let count = 0;
  for (const value of values) {
    sum += inSmallestUnits(value);
    count++;
  }
  if (count === 0) throw new RangeError('There are no numbers to take the mean of.');
  const magnitude = quotientToNumber(sum < 0n ? -sum : sum, BigInt(count) << BigInt(SMALLEST_EXPONENT));
  return sum < 0n ? -magnitude : magnitude;
}

function inSmallestUnits(value: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const word = bits.getBigUint64(0);
  const exponent = (word >> 52n) & 0x7ffn;
  if (exponent === 0x7ffn) throw new RangeError(`${value} has no exact mean.`);
  const fraction = word & 0xfffffffffffffn;
  const units = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return value < 0 ? -units : units;
}

/** numerator / denominator, both whole and not negative, to the nearest float64, ties to even (normal range). */
function quotientToNumber(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  // Scale the quotient to 64 bits or more, mark what is lost by an odd last bit, let Number() round once.
  const shift = 66 - (bitLength(numerator) - bitLength(denominator));
  const [over, under] =
    shift >= 0 ? [numerator << BigInt(shift), denominator] : [numerator, denominator << BigInt(-shift)];
  const quotient = over / under;
  const sticky = quotient * under === over ? quotient : quotient | 1n;
  return Number(sticky) * 2 ** -shift;
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}
