/** Numbers as Python prints them. */

/**
 * The number with a fixed count of decimals, as `f'{value:.{decimals}f}'`: exact ties go to the even digit, where
 * `toFixed` goes up (6.25 gives 6.2, not 6.3).
 *
 * @param value    finite
 * @param decimals 0 or more
 */
export function formatFixed(value: number, decimals: number): string {
  const isNegative = value < 0 || Object.is(value, -0);
  const { mantissa, exponent } = exactParts(Math.abs(value));
  // value = mantissa * 2^exponent; the digits are value * 10^decimals rounded to an integer.
  const scaled = mantissa * 10n ** BigInt(decimals);
  const rounded = exponent >= 0 ? scaled << BigInt(exponent) : divideHalfEven(scaled, 1n << BigInt(-exponent));
  const digits = rounded.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = decimals === 0 ? '' : `.${digits.slice(-decimals)}`;
  return `${isNegative ? '-' : ''}${whole}${fraction}`;
}

/** The shortest text that reads back as the number, as `repr(float)`: 100 gives `100.0`, 1e-5 gives `1e-05`. */
export function formatFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [digits = '0', power = '0'] = Math.abs(value).toExponential().split('e');
  const exponent = Number(power);
  if (value === 0) return `${sign}0.0`;
  // repr writes an exponent below 1e-4 and from 1e16 on; JavaScript draws these borders at 1e-6 and 1e21.
  if (exponent < -4 || exponent >= 16) {
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  const significant = digits.replace('.', '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${significant}`;
  const whole = significant.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${significant.slice(exponent + 1) || '0'}`;
}

/** value = mantissa * 2^exponent, exactly. */
function exactParts(value: number): { mantissa: bigint; exponent: number } {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const word = bits.getBigUint64(0);
  const biased = Number(word >> 52n) & 0x7ff;
  const fraction = word & 0xfffffffffffffn;
  if (biased === 0x7ff) throw new RangeError(`${value} cannot be printed with a fixed count of decimals`);
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = 2n * (numerator % denominator);
  const isUp = twice > denominator || (twice === denominator && (quotient & 1n) === 1n);
  return isUp ? quotient + 1n : quotient;
}
