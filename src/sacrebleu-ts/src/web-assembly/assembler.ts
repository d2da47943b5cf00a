/**
 * A small assembler for WebAssembly: an expression is written as a call, `i64.add(left, right)`, and is its bytes. Only
 * what the resampling kernel needs; nothing is checked here, the engine does that when the module is compiled.
 *
 * Opcodes and the layout of a module: WebAssembly Core Specification 2.0, chapter 5 "Binary Format".
 */
export type Code = readonly number[];

type Unary = (value: Code) => Code;
type Binary = (left: Code, right: Code) => Code;

const unary =
  (opcode: number): Unary =>
  (value) => [...value, opcode];
const binary =
  (opcode: number): Binary =>
  (left, right) => [...left, ...right, opcode];

const vectorBinary =
  (opcode: number): Binary =>
  (left, right) => [...left, ...right, 0xfd, ...unsigned(opcode)];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(BigInt(value | 0))],
  load: (address: Code): Code => [...address, 0x28, 2, 0],
  store: (address: Code, value: Code): Code => [...address, ...value, 0x36, 2, 0],
  load16: (address: Code): Code => [...address, 0x2f, 1, 0],
  store16: (address: Code, value: Code): Code => [...address, ...value, 0x3b, 1, 0],
  lessUnsigned: binary(0x49),
  greaterOrEqualUnsigned: binary(0x4f),
  add: binary(0x6a),
  sub: binary(0x6b),
  shiftLeft: binary(0x74),
  shiftRightUnsigned: binary(0x76),
  /** The low half of an i64. */
  wrap: unary(0xa7),
};

export const i64 = {
  const: (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))],
  lessUnsigned: binary(0x54),
  add: binary(0x7c),
  sub: binary(0x7d),
  mul: binary(0x7e),
  and: binary(0x83),
  or: binary(0x84),
  xor: binary(0x85),
  shiftLeft: binary(0x86),
  shiftRightUnsigned: binary(0x88),
  rotateRight: binary(0x8a),
  /** An i32 above 32 zero bits. */
  extendUnsigned: unary(0xad),
};

/** Sixteen bytes at a multiple of sixteen. */
export const v128 = {
  load: (address: Code): Code => [...address, 0xfd, 0x00, 4, 0],
  store: (address: Code, value: Code, offset: number): Code => [
    ...address,
    ...value,
    0xfd,
    0x0b,
    4,
    ...unsigned(offset),
  ],
  and: vectorBinary(0x4e),
};

/** Eight i16 side by side. */
export const i16x8 = {
  /** @param lanes 0 to 255 each */
  const: (lanes: readonly number[]): Code => [0xfd, 0x0c, ...lanes.flatMap((lane) => [lane, 0])],
  splat: (value: Code): Code => [...value, 0xfd, 0x10],
  equal: vectorBinary(0x2d),
  shiftRightUnsigned: vectorBinary(0x8d),
};

/** Four i32 side by side. */
export const i32x4 = {
  add: vectorBinary(0xae),
  /** Products of i16, of two neighbours added. */
  dotOfPairs: vectorBinary(0xba),
};

export const local = {
  get: (index: number): Code => [0x20, ...unsigned(index)],
  set: (index: number, value: Code): Code => [...value, 0x21, ...unsigned(index)],
};

export const global = {
  get: (index: number): Code => [0x23, ...unsigned(index)],
  set: (index: number, value: Code): Code => [...value, 0x24, ...unsigned(index)],
};

/** Does the steps, and again as long as the condition, worked out behind them, holds. */
export function doWhile(steps: readonly Code[], condition: Code): Code {
  return [0x03, 0x40, ...steps.flat(), ...condition, 0x0d, 0, 0x0b];
}

export function when(condition: Code, then: readonly Code[], otherwise: readonly Code[] = []): Code {
  return [...condition, 0x04, 0x40, ...then.flat(), 0x05, ...otherwise.flat(), 0x0b];
}

export type ValueType = keyof typeof valueTypes;

const valueTypes = { i32: 0x7f, i64: 0x7e, v128: 0x7b } as const;

export interface AssembledFunction {
  readonly name: string;
  /** The first locals. */
  readonly parameters: readonly ValueType[];
  readonly locals: readonly ValueType[];
  readonly steps: readonly Code[];
}

/**
 * The module's bytes. It imports its memory as `env.memory` and exports every function, none of which returns anything,
 * and every global under its name, 0 at first.
 */
export function assembleModule(
  functions: readonly AssembledFunction[],
  globals: readonly { readonly name: string; readonly type: ValueType }[],
): Uint8Array {
  const sections: [id: number, items: Code[]][] = [
    [1, functions.map(({ parameters }) => [0x60, ...vector(parameters.map((type) => [valueTypes[type]])), 0])],
    [2, [[...name('env'), ...name('memory'), 0x02, 0x00, 1]]],
    [3, functions.map((_, index) => unsigned(index))],
    [6, globals.map(({ type }) => [valueTypes[type], 0x01, ...(type === 'i64' ? i64.const(0n) : i32.const(0)), 0x0b])],
    [
      7,
      [
        ...functions.map((exported, index) => [...name(exported.name), 0x00, ...unsigned(index)]),
        ...globals.map((exported, index) => [...name(exported.name), 0x03, ...unsigned(index)]),
      ],
    ],
    [10, functions.map(body)],
  ];
  const bytes = sections.flatMap(([id, items]) => [id, ...sized(vector(items))]);
  return Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, ...bytes]);
}

function body({ locals, steps }: AssembledFunction): Code {
  const declared = vector(locals.map((type) => [1, valueTypes[type]]));
  return sized([...declared, ...steps.flat(), 0x0b]);
}

function name(text: string): Code {
  return sized([...text].map((character) => character.charCodeAt(0)));
}

function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function sized(code: Code): Code {
  return [...unsigned(code.length), ...code];
}

/** LEB128, seven bits a byte, the lowest first. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** Signed LEB128: ends where the rest is only the sign. */
function signed(value: bigint): Code {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  const isLast = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}
