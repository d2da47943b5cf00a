/** The number formats weights are stored in, and their exact widening to float32. */

/** Bytes of one number, by safetensors' name of the format. */
export const FLOAT_SIZES = { F32: 4, F16: 2, BF16: 2 } as const;

export type FloatFormat = keyof typeof FLOAT_SIZES;

/**
 * Gives little-endian numbers as float32, each the same value: subnormals, infinities, NaN and -0 included.
 * float32 input is not copied.
 */
export function widenToFloat32(bytes: Uint8Array<ArrayBuffer>, format: FloatFormat): Float32Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes;
  const count = byteLength / FLOAT_SIZES[format];
  if (format === 'F32') return new Float32Array(buffer, byteOffset, count);
  const narrow = new Uint16Array(buffer, byteOffset, count);
  const wide = new Uint32Array(count);
  if (format === 'F16') for (let i = 0; i < count; i++) wide[i] = widenFloat16(narrow[i] ?? 0);
  else for (let i = 0; i < count; i++) wide[i] = (narrow[i] ?? 0) << 16; // bfloat16 is the upper half of a float32
  return new Float32Array(wide.buffer);
}

/** The bits of a float32 of the same value as these bits of a float16: 1 sign, 5 exponent, 10 fraction bits. */
function widenFloat16(bits: number): number {
  const sign = (bits & 0x8000) << 16;
  const exponent = (bits >> 10) & 0x1f;
  let fraction = bits & 0x3ff;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13); // infinity and NaN
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13); // bias 127 for bias 15
  if (fraction === 0) return sign;
  // A subnormal is fraction × 2^-24: shift its highest bit to where the hidden one belongs.
  let wideExponent = 113;
  while ((fraction & 0x400) === 0) {
    fraction <<= 1;
    wideExponent--;
  }
  return sign | (wideExponent << 23) | ((fraction & 0x3ff) << 13);
}
