import { describe, expect, it } from 'vitest';
import { widenToFloat32 } from '../../../src/engine/model/float-formats.ts';

const everyPattern = new Uint8Array(Uint16Array.from({ length: 65536 }, (_, bits) => bits).buffer);

/** The value IEEE 754 gives a number of 1 sign, `exponentBits` exponent and the rest fraction bits. */
function ieeeValue(bits: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits;
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = Math.floor((bits % 0x8000) / 2 ** fractionBits);
  const fraction = (bits % 2 ** fractionBits) / 2 ** fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

describe('widenToFloat32', () => {
  it.each([
    ['F16', 5],
    ['BF16', 8],
  ] as const)('gives each of the 65,536 patterns of %s its exact value', (format, exponentBits) => {
    const widened = widenToFloat32(everyPattern, format);
    expect(widened).toHaveLength(65536);
    const wrong = Array.from(widened).findIndex((value, bits) => !Object.is(value, ieeeValue(bits, exponentBits)));
    expect(wrong).toBe(-1);
  });

  it('agrees with known float16 numbers', () => {
    // Table of half-precision examples in IEEE 754-2019: one, largest, smallest normal, smallest subnormal, -2, 1/3.
    const bits = Uint16Array.of(0x3c00, 0x7bff, 0x0400, 0x0001, 0xc000, 0x3555);
    expect(Array.from(widenToFloat32(new Uint8Array(bits.buffer), 'F16'))).toEqual([
      1,
      65504,
      0.00006103515625,
      2 ** -24,
      -2,
      0.333251953125,
    ]);
  });

  it('leaves float32 as it is', () => {
    const values = Float32Array.of(1.5, -0, Number.NaN, 1e-45, Number.POSITIVE_INFINITY);
    expect(widenToFloat32(new Uint8Array(values.buffer), 'F32')).toEqual(values);
  });
});
