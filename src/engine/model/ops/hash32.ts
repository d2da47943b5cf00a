/** An avalanching bijection of signed 32-bit integers: "lowbias32" of Chris Wellons' hash-prospector. */
export function hash32(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
