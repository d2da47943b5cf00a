import { describe, expect, it } from 'vitest';
import { assembleModule, i32, i64, local } from '../../src/sacrebleu-ts/src/web-assembly/assembler.ts';

describe('the assembler', () => {
  it("writes WebAssembly's binary format: a module by hand after the specification", () => {
    const add = { name: 'f', parameters: ['i32'], locals: ['i64'], steps: [local.set(0, i32.const(-129))] } as const;
    const bytes = assembleModule([add], [{ name: 'g', type: 'i64' }]);
    expect(Buffer.from(bytes).toString('hex')).toBe(
      [
        '0061736d01000000', // magic, version
        '01050160017f00', // types: (i32) -> ()
        '020f0103656e76066d656d6f7279020001', // import env.memory, at least a page
        '03020100', // function 0 has type 0
        '0606017e0142000b', // global: mutable i64 0
        '0709020166000001670300', // exports f and g
        '0a0b0109010 17e41ff7e21000b'.replaceAll(' ', ''), // body: one i64; i32.const -129, local.set 0
      ].join(''),
    );
  });

  const constants: [value: bigint, bytes: number[]][] = [
    [0n, [0x00]],
    [63n, [0x3f]],
    [64n, [0xc0, 0x00]],
    [-64n, [0x40]],
    [-65n, [0xbf, 0x7f]],
    [624485n, [0xe5, 0x8e, 0x26]],
    [-123456n, [0xc0, 0xbb, 0x78]],
    // As the specification asks, an unsigned constant goes in as the signed one of the same bits.
    [2n ** 64n - 1n, [0x7f]],
  ];
  it.each(constants)('writes %d as signed LEB128', (value, bytes) => {
    expect(i64.const(value)).toEqual([0x42, ...bytes]);
  });
});
