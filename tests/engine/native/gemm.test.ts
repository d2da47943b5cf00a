import { afterAll, describe, expect, it } from 'vitest';
import { ACTIVATION_CODES, GEMM_FLAGS, type NativeAddon } from '../../../src/engine/native/addon-functions.ts';
import { loadAddon } from '../../../src/engine/native/load-addon.ts';
import { isAddonBuilt } from './native-support.ts';

const addon: NativeAddon | null = isAddonBuilt ? loadAddon() : null;

/** Those this machine can run. */
const isas = (addon?.isas() ?? '')
  .split('\n')
  .map((line) => line.split('\t'))
  .filter(([name, obstacle]) => name !== '' && obstacle === '')
  .map(([name = '']) => name);

const sizes = [
  [1, 1, 1],
  [0, 3, 3],
  [3, 0, 3],
  [3, 2, 0],
  [1, 33, 5],
  [15, 31, 17],
  [29, 65, 513],
  [2, 530, 90],
  [33, 16, 1030],
  [100, 130, 67],
] as const;

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly flags: number;
  readonly activation?: keyof typeof ACTIVATION_CODES;
}

describe.skipIf(addon === null)('gemm of the addon (skipped where it was not built)', () => {
  afterAll(() => {
    addon?.chooseIsa('');
    addon?.setThreads(1);
    addon?.setPrecision('f32');
  });

  describe.each(isas)('on %s', (isa) => {
    it.each(['f32', 'bf16'] as const)(
      'multiplies %s as a plain double-precision loop, in every orientation',
      (precision) => {
        const native = open(isa, precision, 1);
        for (const [m, n, k] of sizes) {
          for (let flags = 0; flags < 16; flags++) {
            const product = { m, n, k, flags };
            const operands = operandsOf(product);
            const { sum } = multiply(native, product, operands);
            // k additions in f32, each within half a unit of a sum no larger than all terms (Higham's γₖ).
            const isRounded = precision === 'bf16';
            const inputs = isRounded ? { ...operands, a: operands.a.map(toBf16), b: operands.b.map(toBf16) } : operands;
            const tolerance = (terms: number): number => (k + 4) * 2 ** -24 * terms;
            expectClose(sum, reference(product, inputs), tolerance, JSON.stringify(product));
          }
        }
      },
    );

    it.each(['none', 'relu', 'silu', 'gelu'] as const)('applies %s to the sum it also gives', (activation) => {
      const product = { m: 5, n: 37, k: 9, flags: 0, activation };
      const { output, sum } = multiply(open(isa, 'f32', 1), product, operandsOf(product));
      sum.forEach((x, index) => {
        expect(Math.abs((output[index] ?? Number.NaN) - activated(x, activation))).toBeLessThan(1e-6);
      });
    });

    it.each(['f32', 'bf16'] as const)('gives the same bits on 1, 2 and 3 threads in %s', (precision) => {
      // The second has more panels of B than are packed side by side, and several blocks of k.
      for (const product of [
        { m: 130, n: 300, k: 700, flags: GEMM_FLAGS.transposeB },
        { m: 130, n: 601, k: 1035, flags: GEMM_FLAGS.transposeA },
      ]) {
        const operands = operandsOf(product);
        const [one, two, three] = [1, 2, 3].map((threads) =>
          multiply(open(isa, precision, threads), product, operands),
        );
        expect(two?.output).toEqual(one?.output);
        expect(three?.output).toEqual(one?.output);
      }
    });

    it.each(['f32', 'bf16'] as const)("a row's result does not depend on the rows beside it in %s", (precision) => {
      const native = open(isa, precision, 1);
      const many = { m: 40, n: 33, k: 600, flags: GEMM_FLAGS.transposeB };
      const operands = operandsOf(many);
      const one = { ...many, m: 1 };
      const alone = multiply(native, one, {
        ...operands,
        a: operands.a.subarray(39 * 600),
        c: operands.c.subarray(39 * 33),
      });
      expect(alone.output).toEqual(multiply(native, many, operands).output.subarray(39 * 33));
    });

    it.each(['f32', 'bf16'] as const)('lets NaN and infinity through in %s', (precision) => {
      const product = { m: 3, n: 20, k: 6, flags: 0 };
      const operands = operandsOf(product);
      operands.a[1] = Number.NaN;
      operands.a[6] = Number.POSITIVE_INFINITY;
      operands.b.fill(1);
      const { output } = multiply(open(isa, precision, 1), product, operands);
      expect([...output.subarray(0, 20)].every(Number.isNaN)).toBe(true);
      expect([...output.subarray(20, 40)].every((x) => x === Number.POSITIVE_INFINITY)).toBe(true);
      expect([...output.subarray(40)].every(Number.isFinite)).toBe(true);
    });

    it('sees a weight that changed after its packed form was kept', () => {
      const native = open(isa, 'bf16', 1);
      const [x, weight, output] = [Float32Array.of(1, 1), Float32Array.of(1, 2), new Float32Array(1)];
      const [a, b, c] = [x, weight, output].map((values) => upload(native, values)) as [number, number, number];
      const run = (): number => {
        native.gemm(a, b, c, 1, 1, 2, GEMM_FLAGS.weight, null, 0, null);
        native.read(c, output);
        return output[0] ?? Number.NaN;
      };
      expect([run(), run()]).toEqual([3, 3]);
      native.write(b, Float32Array.of(5, 6));
      expect([run(), run()]).toEqual([11, 11]);
      for (const block of [a, b, c]) native.free(block);
    });
  });

  it('refuses a block too small for the shape, an unknown handle and an unknown activation', () => {
    const native = open('', 'f32', 1);
    const block = native.allocate(16);
    expect(() => native.gemm(block, block, block, 2, 3, 2, 0, null, 0, null)).toThrow(
      new RangeError(`the block ${block} has 16 bytes, fewer than the 24 of this shape`),
    );
    expect(() => native.gemm(-1, block, block, 1, 1, 1, 0, null, 0, null)).toThrow('no block has the handle -1');
    expect(() => native.gemm(block, block, block, 1, 1, 1, 0, null, 4, null)).toThrow('the activation 4 is not known');
    expect(() => native.gemm(block, block, block, 2 ** 40, 2 ** 40, 1, 0, null, 0, null)).toThrow(RangeError);
    native.free(block);
  });
});

interface Operands {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly c: Float32Array;
  readonly bias: Float32Array;
}

function open(isa: string, precision: 'f32' | 'bf16', threads: number): NativeAddon {
  if (addon === null) throw new Error('the addon was not built');
  addon.chooseIsa(isa);
  addon.setPrecision(precision);
  addon.setThreads(threads);
  return addon;
}

function operandsOf({ m, n, k }: Product): Operands {
  const values = (size: number, step: number): Float32Array =>
    Float32Array.from({ length: size }, (_, index) => ((index * step) % 1009) / 1009 - 0.5);
  return { a: values(m * k, 7919), b: values(n * k, 104729), c: values(m * n, 31), bias: values(n, 17) };
}

function upload(native: NativeAddon, values: Float32Array): number {
  const block = native.allocate(values.byteLength);
  native.write(block, values);
  return block;
}

function multiply(native: NativeAddon, { m, n, k, flags, activation = 'none' }: Product, from: Operands) {
  const output = from.c.slice(0, m * n);
  const sum = new Float32Array(m * n);
  const blocks = [from.a.slice(0, m * k), from.b, output, from.bias, sum].map((values) => upload(native, values));
  const [a = 0, b = 0, c = 0, bias = 0, sums = 0] = blocks;
  native.gemm(a, b, c, m, n, k, flags, bias, ACTIVATION_CODES[activation], sums);
  native.read(c, output);
  native.read(sums, sum);
  for (const block of blocks) native.free(block);
  return { output, sum };
}

/** Rounds to the nearest bf16, ties to even. */
function toBf16(value: number): number {
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 7);
  const scaled = value / unit;
  const low = Math.floor(scaled);
  const isUp = scaled - low > 0.5 || (scaled - low === 0.5 && low % 2 !== 0);
  return value === 0 ? 0 : (low + (isUp ? 1 : 0)) * unit;
}

/** In float64, with the sum of the sizes of the terms. */
function reference({ m, n, k, flags }: Product, { a, b, c, bias }: Operands): { value: number; terms: number }[] {
  return Array.from({ length: m * n }, (_, index) => {
    const [row, column] = [Math.floor(index / n), index % n];
    let value = (bias[column] ?? 0) + (flags & GEMM_FLAGS.accumulate ? (c[index] ?? 0) : 0);
    let terms = Math.abs(value);
    for (let i = 0; i < k; i++) {
      const x = a[flags & GEMM_FLAGS.transposeA ? i * m + row : row * k + i] ?? Number.NaN;
      const y = b[flags & GEMM_FLAGS.transposeB ? column * k + i : i * n + column] ?? Number.NaN;
      value += x * y;
      terms += Math.abs(x * y);
    }
    return { value, terms };
  });
}

function expectClose(
  found: Float32Array,
  expected: readonly { value: number; terms: number }[],
  tolerance: (terms: number) => number,
  title: string,
): void {
  const wrong = expected.findIndex(
    ({ value, terms }, index) => !(Math.abs((found[index] ?? Number.NaN) - value) <= tolerance(terms)),
  );
  expect(wrong, `${title}: element ${wrong}`).toBe(-1);
}

/** Gelu's Φ by numerical integration: no closed form in JavaScript. */
function activated(x: number, activation: keyof typeof ACTIVATION_CODES): number {
  if (activation === 'relu') return Math.max(x, 0);
  if (activation === 'silu') return x / (1 + Math.exp(-x));
  if (activation === 'none') return x;
  const parts = 1000;
  let area = 0;
  for (let part = 0; part < parts; part++) area += Math.exp(-0.5 * (((part + 0.5) / parts) * x) ** 2) * (x / parts);
  return x * (0.5 + area / Math.sqrt(2 * Math.PI));
}
