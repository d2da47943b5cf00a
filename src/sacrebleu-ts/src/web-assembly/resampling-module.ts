/**
 * The inner loops of resampling as a WebAssembly module: PCG64's draws, and the sums of the rows they choose. What
 * JavaScript lacks is 64-bit whole numbers and four of 32 bits at once; the draws and sums are the same.
 *
 * A row is `vectors` times four whole numbers of 32 bits, one a column, so that a row is added in as many instructions.
 */
import {
  type AssembledFunction,
  assembleModule,
  type Code,
  doWhile,
  global,
  i32,
  i32x4,
  i64,
  local,
  type ValueType,
  when,
} from './assembler.ts';

/** PCG64's multiplier: O'Neill, "PCG" (2014), as in NumPy. */
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const MASK_32 = 0xffffffffn;
const MULTIPLIER_HIGH = MULTIPLIER >> 64n;
const MULTIPLIER_LOW = MULTIPLIER & (2n ** 64n - 1n);

/** Bytes of four numbers. */
export const VECTOR_BYTES = 16;

/**
 * The generator: its 128 bits and what is added each step, in two halves; and the upper 32 bits of the last 64 drawn, if
 * they are not used yet. `bits` holds coins to come, `bitCount` how many, less than 32.
 */
const globals = [
  { name: 'stateHigh', type: 'i64' },
  { name: 'stateLow', type: 'i64' },
  { name: 'incrementHigh', type: 'i64' },
  { name: 'incrementLow', type: 'i64' },
  { name: 'spare', type: 'i32' },
  { name: 'hasSpare', type: 'i32' },
  { name: 'bits', type: 'i64' },
  { name: 'bitCount', type: 'i64' },
] as const satisfies readonly { readonly name: string; readonly type: ValueType }[];

export type GlobalName = (typeof globals)[number]['name'];

const globalAt = (wanted: GlobalName): number => globals.findIndex(({ name }) => name === wanted);

/** The module for rows of `vectors` times four columns. */
export function resamplingModule(vectors: number): Uint8Array {
  return assembleModule([drawIndices, tossCoins, addDrawn(vectors), addTossed(vectors)], globals);
}

/** Locals of a function that draws: the generator's globals while it runs, and places for a step's products. */
const stream = {
  stateHigh: 4,
  stateLow: 5,
  spare: 6,
  hasSpare: 7,
  word: 8,
  output: 9,
  low: 10,
  high: 11,
  middle: 12,
} as const;
const streamTypes: readonly ValueType[] = ['i64', 'i64', 'i32', 'i32', 'i32', 'i64', 'i64', 'i64', 'i64'];
const kept = ['stateHigh', 'stateLow', 'spare', 'hasSpare'] as const;
const openStream: Code = kept.flatMap((name) => local.set(stream[name], global.get(globalAt(name))));
const closeStream: Code = kept.flatMap((name) => global.set(globalAt(name), local.get(stream[name])));

/** State * multiplier + increment modulo 2^128; `output` is the new state folded to 64 bits and rotated. */
const stepState: Code = (() => {
  const [a0, a1] = [i64.and(local.get(stream.stateLow), i64.const(MASK_32)), upper(local.get(stream.stateLow))];
  const [m0, m1] = [i64.const(MULTIPLIER_LOW & MASK_32), i64.const(MULTIPLIER_LOW >> 32n)];
  // The upper 64 bits of the product of the low halves, from four products of 32 bits each; no sum passes 2^64.
  const middle = i64.add(
    i64.add(upper(i64.mul(a0, m0)), i64.mul(a1, m0)),
    i64.and(local.get(stream.low), i64.const(MASK_32)),
  );
  const carried = i64.add(i64.mul(a1, m1), i64.add(upper(local.get(stream.low)), upper(local.get(stream.middle))));
  const crossed = i64.add(
    i64.mul(local.get(stream.stateLow), i64.const(MULTIPLIER_HIGH)),
    i64.mul(local.get(stream.stateHigh), i64.const(MULTIPLIER_LOW)),
  );
  const sumLow = i64.add(
    i64.mul(local.get(stream.stateLow), i64.const(MULTIPLIER_LOW)),
    global.get(globalAt('incrementLow')),
  );
  const carry = i64.extendUnsigned(i64.lessUnsigned(local.get(stream.low), global.get(globalAt('incrementLow'))));
  return [
    local.set(stream.low, i64.mul(a0, m1)),
    local.set(stream.middle, middle),
    local.set(stream.high, i64.add(carried, crossed)),
    local.set(stream.low, sumLow),
    local.set(stream.stateHigh, i64.add(i64.add(local.get(stream.high), global.get(globalAt('incrementHigh'))), carry)),
    local.set(stream.stateLow, local.get(stream.low)),
    local.set(
      stream.output,
      i64.rotateRight(
        i64.xor(local.get(stream.stateHigh), local.get(stream.stateLow)),
        i64.shiftRightUnsigned(local.get(stream.stateHigh), i64.const(58n)),
      ),
    ),
  ].flat();
})();

/** `word` is the next 32 bits: the low half of the generator's 64, then the high half. */
const nextWord: Code = when(
  local.get(stream.hasSpare),
  [local.set(stream.word, local.get(stream.spare)), local.set(stream.hasSpare, i32.const(0))],
  [
    stepState,
    local.set(stream.word, i32.wrap(local.get(stream.output))),
    local.set(stream.spare, i32.wrap(upper(local.get(stream.output)))),
    local.set(stream.hasSpare, i32.const(1)),
  ],
);

/** Writes whole numbers below `bound` from `target` to `end`: Lemire's multiplication, drawn again below the threshold. */
const drawIndices: AssembledFunction = (() => {
  const [target, end, bound, threshold] = [0, 1, 2, 3];
  const product = stream.middle;
  const isTaken = i32.greaterOrEqualUnsigned(i32.wrap(local.get(product)), local.get(threshold));
  return {
    name: 'drawIndices',
    parameters: ['i32', 'i32', 'i64', 'i32'],
    locals: streamTypes,
    steps: [
      openStream,
      doWhile(
        [
          nextWord,
          local.set(product, i64.mul(i64.extendUnsigned(local.get(stream.word)), local.get(bound))),
          i32.store(local.get(target), i32.wrap(upper(local.get(product)))),
          // A number that is not taken is written over by the next.
          local.set(target, i32.add(local.get(target), i32.shiftLeft(isTaken, i32.const(2)))),
        ],
        i32.lessUnsigned(local.get(target), local.get(end)),
      ),
      closeStream,
    ],
  };
})();

/**
 * Writes `count` coins from `target` on, 32 a word, the lowest bit first: those left of the last draw, then new ones.
 * The unused bits of the last word are 0.
 */
const tossCoins: AssembledFunction = (() => {
  const [target, count, needed, mask] = [0, 1, 2, 3];
  const [bits, bitCount] = [globalAt('bits'), globalAt('bitCount')];
  return {
    name: 'tossCoins',
    parameters: ['i32', 'i64'],
    locals: ['i64', 'i64', ...streamTypes],
    steps: [
      openStream,
      doWhile(
        [
          local.set(needed, local.get(count)),
          when(i64.lessUnsigned(i64.const(32n), local.get(needed)), [local.set(needed, i64.const(32n))]),
          when(i64.lessUnsigned(global.get(bitCount), local.get(needed)), [
            nextWord,
            global.set(
              bits,
              i64.or(global.get(bits), i64.shiftLeft(i64.extendUnsigned(local.get(stream.word)), global.get(bitCount))),
            ),
            global.set(bitCount, i64.add(global.get(bitCount), i64.const(32n))),
          ]),
          local.set(mask, i64.sub(i64.shiftLeft(i64.const(1n), local.get(needed)), i64.const(1n))),
          i32.store(local.get(target), i32.wrap(i64.and(global.get(bits), local.get(mask)))),
          global.set(bits, i64.shiftRightUnsigned(global.get(bits), local.get(needed))),
          global.set(bitCount, i64.sub(global.get(bitCount), local.get(needed))),
          local.set(target, i32.add(local.get(target), i32.const(4))),
          local.set(count, i64.sub(local.get(count), local.get(needed))),
        ],
        i64.lessUnsigned(i64.const(0n), local.get(count)),
      ),
      closeStream,
    ],
  };
})();

/** Writes to `sums` the sum of the rows, from `rows` on, whose numbers lie from `place` to `end`. */
function addDrawn(vectors: number): AssembledFunction {
  const [place, end, rows, sums, row, firstSum] = [0, 1, 2, 3, 4, 5];
  const rowBytes = i32.const(vectors * VECTOR_BYTES);
  return {
    name: 'addDrawn',
    parameters: ['i32', 'i32', 'i32', 'i32'],
    locals: ['i32', ...vectorTypes(vectors)],
    steps: [
      doWhile(
        [
          local.set(row, i32.add(local.get(rows), i32.mul(i32.load(local.get(place)), rowBytes))),
          ...addRow(vectors, row, firstSum),
          local.set(place, i32.add(local.get(place), i32.const(4))),
        ],
        i32.lessUnsigned(local.get(place), local.get(end)),
      ),
      ...storeSums(vectors, sums, firstSum),
    ],
  };
}

/** Writes to `sums` the sum of the rows whose coin is 1; the coins lie from `place` to `end`, as `tossCoins` wrote them. */
function addTossed(vectors: number): AssembledFunction {
  const [place, end, rows, sums, row, coins, firstSum] = [0, 1, 2, 3, 4, 5, 6];
  const rowBytes = vectors * VECTOR_BYTES;
  const offset = i32.mul(i32.countTrailingZeros(local.get(coins)), i32.const(rowBytes));
  const withoutLowest = i32.and(local.get(coins), i32.sub(local.get(coins), i32.const(1)));
  return {
    name: 'addTossed',
    parameters: ['i32', 'i32', 'i32', 'i32'],
    locals: ['i32', 'i32', ...vectorTypes(vectors)],
    steps: [
      doWhile(
        [
          local.set(coins, i32.load(local.get(place))),
          when(local.get(coins), [
            doWhile(
              [
                local.set(row, i32.add(local.get(rows), offset)),
                ...addRow(vectors, row, firstSum),
                local.set(coins, withoutLowest),
              ],
              local.get(coins),
            ),
          ]),
          local.set(rows, i32.add(local.get(rows), i32.const(32 * rowBytes))),
          local.set(place, i32.add(local.get(place), i32.const(4))),
        ],
        i32.lessUnsigned(local.get(place), local.get(end)),
      ),
      ...storeSums(vectors, sums, firstSum),
    ],
  };
}

function vectorTypes(vectors: number): readonly ValueType[] {
  return new Array<ValueType>(vectors).fill('v128');
}

function addRow(vectors: number, row: number, firstSum: number): Code[] {
  return Array.from({ length: vectors }, (_, index) => {
    const vector = i32x4.load(local.get(row), index * VECTOR_BYTES);
    return local.set(firstSum + index, i32x4.add(local.get(firstSum + index), vector));
  });
}

function storeSums(vectors: number, sums: number, firstSum: number): Code[] {
  return Array.from({ length: vectors }, (_, index) =>
    i32x4.store(local.get(sums), local.get(firstSum + index), index * VECTOR_BYTES),
  );
}

function upper(value: Code): Code {
  return i64.shiftRightUnsigned(value, i64.const(32n));
}
