/**
 * The inner loops of resampling as a WebAssembly module: PCG64's draws, how often they choose each segment, and the sums of
 * columns so weighted. What JavaScript lacks is 64-bit whole numbers and eight products at once; the draws and sums are
 * the same.
 *
 * Weights and columns are whole numbers of 16 bits, one a segment: a sample's weights stay in the nearest cache while the
 * columns go by in order, where adding drawn rows would jump about in all of them.
 */
import {
  type AssembledFunction,
  assembleModule,
  type Code,
  doWhile,
  global,
  i16x8,
  i32,
  i32x4,
  i64,
  local,
  type ValueType,
  v128,
  when,
} from './assembler.ts';

/** PCG64's multiplier: O'Neill, "PCG" (2014), as in NumPy. */
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const MASK_32 = 0xffffffffn;
const MULTIPLIER_HIGH = MULTIPLIER >> 64n;
const MULTIPLIER_LOW = MULTIPLIER & (2n ** 64n - 1n);

/** Columns added in one pass over the weights. */
export const PASS_COLUMNS = 4;
/** Bytes of a vector: eight weights, or four parts of a sum. */
export const VECTOR_BYTES = 16;
/** Coins of one word of the generator: weights are written in as many. */
export const WORD_COINS = 32;

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

/** The module's bytes. */
export function resamplingModule(): Uint8Array {
  return assembleModule([drawIndices, tossCoins, addWeighted], globals);
}

/** Locals of a function that draws: the generator's globals while it runs, and places for a step's products. */
const stream = {
  stateHigh: 5,
  stateLow: 6,
  spare: 7,
  hasSpare: 8,
  word: 9,
  output: 10,
  low: 11,
  high: 12,
  middle: 13,
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

/**
 * Writes whole numbers below `bound` from `target` to `end`, by Lemire's multiplication, drawn again below the threshold;
 * and adds 1 to the weight of each.
 */
const drawIndices: AssembledFunction = (() => {
  const [target, end, bound, threshold, weights] = [0, 1, 2, 3, 4];
  const product = stream.middle;
  const [index, isTaken, weight] = [14, 15, 16];
  return {
    name: 'drawIndices',
    parameters: ['i32', 'i32', 'i64', 'i32', 'i32'],
    locals: [...streamTypes, 'i32', 'i32', 'i32'],
    steps: [
      openStream,
      doWhile(
        [
          nextWord,
          local.set(product, i64.mul(i64.extendUnsigned(local.get(stream.word)), local.get(bound))),
          local.set(index, i32.wrap(upper(local.get(product)))),
          local.set(isTaken, i32.greaterOrEqualUnsigned(i32.wrap(local.get(product)), local.get(threshold))),
          i32.store(local.get(target), local.get(index)),
          // A number that is not taken is written over by the next.
          local.set(target, i32.add(local.get(target), i32.shiftLeft(local.get(isTaken), i32.const(2)))),
          local.set(weight, i32.add(local.get(weights), i32.shiftLeft(local.get(index), i32.const(1)))),
          i32.store16(local.get(weight), i32.add(i32.load16(local.get(weight)), local.get(isTaken))),
        ],
        i32.lessUnsigned(local.get(target), local.get(end)),
      ),
      closeStream,
    ],
  };
})();

/**
 * Writes `count` coins as weights of 0 and 1 from `target` on, 32 of a word, the lowest bit first: those left of the last
 * draw, then new ones. Weights up to the next multiple of 32 are 0.
 */
const tossCoins: AssembledFunction = (() => {
  const [target, count, needed, mask, coins] = [0, 1, 2, 3, 4];
  const [bits, bitCount] = [globalAt('bits'), globalAt('bitCount')];
  const bitOfLane = i16x8.const([1, 2, 4, 8, 16, 32, 64, 128]);
  const eightCoins = (from: number): Code =>
    i16x8.shiftRightUnsigned(
      i16x8.equal(
        v128.and(i16x8.splat(i32.shiftRightUnsigned(local.get(coins), i32.const(from))), bitOfLane),
        bitOfLane,
      ),
      i32.const(15),
    );
  return {
    name: 'tossCoins',
    parameters: ['i32', 'i64'],
    locals: ['i64', 'i64', 'i32', ...streamTypes],
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
          local.set(coins, i32.wrap(i64.and(global.get(bits), local.get(mask)))),
          ...[0, 8, 16, 24].map((from) => v128.store(local.get(target), eightCoins(from), 2 * from)),
          global.set(bits, i64.shiftRightUnsigned(global.get(bits), local.get(needed))),
          global.set(bitCount, i64.sub(global.get(bitCount), local.get(needed))),
          local.set(target, i32.add(local.get(target), i32.const(2 * WORD_COINS))),
          local.set(count, i64.sub(local.get(count), local.get(needed))),
        ],
        i64.lessUnsigned(i64.const(0n), local.get(count)),
      ),
      closeStream,
    ],
  };
})();

/**
 * Writes to `sums` those of four columns weighted, each in four parts. Weights lie from `place` to `end`; the columns from
 * `columns` on, each as long as the weights.
 */
const addWeighted: AssembledFunction = (() => {
  const [place, end, columns, sums, columnBytes, column, firstSum] = [0, 1, 2, 3, 4, 5, 6];
  const weights = firstSum + PASS_COLUMNS;
  const passColumns = Array.from({ length: PASS_COLUMNS }, (_, index) => index);
  return {
    name: 'addWeighted',
    parameters: ['i32', 'i32', 'i32', 'i32'],
    locals: ['i32', 'i32', ...passColumns.map(() => 'v128' as const), 'v128'],
    steps: [
      local.set(columnBytes, i32.sub(local.get(end), local.get(place))),
      doWhile(
        [
          local.set(weights, v128.load(local.get(place))),
          local.set(column, local.get(columns)),
          ...passColumns.flatMap((index) => [
            local.set(
              firstSum + index,
              i32x4.add(
                local.get(firstSum + index),
                i32x4.dotOfPairs(v128.load(local.get(column)), local.get(weights)),
              ),
            ),
            local.set(column, i32.add(local.get(column), local.get(columnBytes))),
          ]),
          local.set(columns, i32.add(local.get(columns), i32.const(VECTOR_BYTES))),
          local.set(place, i32.add(local.get(place), i32.const(VECTOR_BYTES))),
        ],
        i32.lessUnsigned(local.get(place), local.get(end)),
      ),
      ...passColumns.map((index) => v128.store(local.get(sums), local.get(firstSum + index), index * VECTOR_BYTES)),
    ],
  };
})();

function upper(value: Code): Code {
  return i64.shiftRightUnsigned(value, i64.const(32n));
}
