import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSafetensors, type WeightTensor, writeSafetensors } from '../../../src/engine/model/safetensors.ts';
import { ModelError } from '../../../src/errors.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'safetensors-'));
  file = path.join(directory, 'model.safetensors');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A file by the format's own description: length, JSON, data. */
function writeFileOf(header: unknown, data: Uint8Array = new Uint8Array(0)): void {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(file, Buffer.concat([length, json, data]));
}

async function readError(): Promise<ModelError> {
  const error: unknown = await readSafetensors(file).catch((reason: unknown) => reason);
  if (error instanceof ModelError) return error;
  throw new Error(`no ModelError but ${error}`);
}

const tensor = (shape: number[], ...values: number[]): WeightTensor => ({ shape, data: Float32Array.from(values) });

describe('readSafetensors', () => {
  it('reads float32, float16 and bfloat16 wherever they lie, scalars and empty tensors, and the metadata', async () => {
    const data = Buffer.alloc(14);
    data.writeUInt16LE(0x3c00, 0); // 1 in float16
    data.writeFloatLE(-2.5, 2); // not at a multiple of 4
    data.writeFloatLE(3, 6);
    data.writeUInt16LE(0x4049, 10); // 3.140625 in bfloat16
    data.writeUInt16LE(0x8000, 12); // -0
    writeFileOf(
      {
        pair: { dtype: 'F32', shape: [1, 2], data_offsets: [2, 10] },
        scalar: { dtype: 'F16', shape: [], data_offsets: [0, 2] },
        brain: { dtype: 'BF16', shape: [2], data_offsets: [10, 14] },
        empty: { dtype: 'F32', shape: [0, 7], data_offsets: [10, 10] },
        __metadata__: { format: 'pt' },
      },
      data,
    );
    const { tensors, metadata } = await readSafetensors(file);
    expect(metadata).toEqual({ format: 'pt' });
    expect([...tensors]).toEqual([
      ['pair', tensor([1, 2], -2.5, 3)],
      ['scalar', tensor([], 1)],
      ['brain', tensor([2], 3.140625, -0)],
      ['empty', tensor([0, 7])],
    ]);
  });

  it.each([
    ['an empty file', 0, 0n, 'it has 0 bytes, and the first 8 announce a header of 0'],
    ['a file of 5 bytes', 5, 0n, 'it has 5 bytes, and the first 8 announce a header of 0'],
    ['a header longer than the file', 20, 13n, 'it has 20 bytes, and the first 8 announce a header of 13'],
    [
      'a pickle',
      20,
      0x8080_0000_0403_4b50n,
      'it has 20 bytes, and the first 8 announce a header of 9259400833941064528',
    ],
  ])('refuses %s', async (_, size, headerSize, what) => {
    const bytes = Buffer.alloc(Math.max(8, size));
    bytes.writeBigUInt64LE(headerSize);
    writeFileSync(file, bytes.subarray(0, size));
    const { message, hint } = await readError();
    expect(message).toBe(`${file} is not a whole safetensors file: ${what}.`);
    expect(hint).toContain('fetch it again');
  });

  const f32 = (start: unknown, end: unknown, shape: unknown = [1]) => ({
    dtype: 'F32',
    shape,
    data_offsets: [start, end],
  });
  const fetchIt = 'Fetch the file again from where the model came from.';
  const damaged = 'The file is cut off or damaged; fetch it again from where the model came from.';
  const convert = 'Save the model in float32, float16 or bfloat16, for instance with transformers: model.float().';
  it.each<[unknown, RegExp, string?]>([
    ['{"a": ', /^The header of .* is not valid JSON: /],
    ['[1]    ', /^The header of .* holds \[1\], expected a JSON object\.$/, fetchIt],
    [{ a: 3 }, /: a holds 3, expected a JSON object\.$/, fetchIt],
    [{ a: { ...f32(0, 8), dtype: 'I64' } }, /: a has numbers of type "I64"; bleubird reads F32, F16, BF16\.$/, convert],
    [{ a: { ...f32(0, 8), dtype: 'toString' } }, /: a has numbers of type "toString"; /, convert],
    [{ a: f32(0, 4, [1.5]) }, /: a has the shape \[1\.5\], expected a list of whole numbers\.$/],
    [{ a: f32(0, 4, [-1]) }, /: a has the shape \[-1\], /],
    [{ a: f32(4, 0) }, /: a has the data_offsets \[4,0\], expected \[start, end\] in whole numbers\.$/],
    [{ a: f32('0', 4) }, /: a has the data_offsets \["0",4\], /],
    [{ a: f32(0, 8, [3]) }, /: a takes 8 bytes, but its shape \[3\] of F32 needs 12\.$/],
    [
      { a: f32(0, 4), b: f32(4, 12, [2]) },
      /model\.safetensors is cut off: b needs the data up to byte 12, of which the file has 8\.$/,
    ],
    [{ a: f32(0, 8, [2]), b: f32(4, 8) }, /: b starts at byte 4 and overlaps a, which ends at 8\.$/],
    [{ a: f32(4, 8) }, /: a starts at byte 4 and leaves a gap after the header, which ends at 0\.$/],
    [{ a: f32(0, 4) }, / has 8 bytes of data, but its tensors end at byte 4\.$/],
    [{ __metadata__: { step: 3 } }, /^The metadata of .* has step: 3, expected a text\.$/],
  ])('refuses the header %j', async (header, message, hint = damaged) => {
    writeFileOf(
      header,
      new Uint8Array(typeof header === 'object' && header !== null && '__metadata__' in header ? 0 : 8),
    );
    const error = await readError();
    expect(error.message).toMatch(message);
    expect(error.message).toContain(file);
    expect(error.hint).toBe(hint);
    expect(error.exitCode).toBe(4);
  });

  it('names what is missing, and what is no file', async () => {
    writeFileSync(path.join(directory, 'config.json'), '{}');
    expect((await readError()).message).toBe(
      `The model directory ${directory} has no model.safetensors; it holds config.json.`,
    );
    mkdirSync(file);
    expect((await readError()).message).toMatch(/model\.safetensors cannot be read: EISDIR/);
  });
});

describe('writeSafetensors', () => {
  const weights = new Map([
    ['b', tensor([2, 1], 1, 2)],
    ['a', tensor([], Number.NaN)],
    ['empty', tensor([0])],
  ]);

  it('writes what it reads again, ordered by name, with the numbers at a multiple of 8 bytes', async () => {
    await writeSafetensors(file, weights, { format: 'pt', step: '3' });
    const { tensors, metadata } = await readSafetensors(file);
    expect(metadata).toEqual({ format: 'pt', step: '3' });
    expect([...tensors]).toEqual(['a', 'b', 'empty'].map((name) => [name, weights.get(name)]));
    const bytes = readFileSync(file);
    const headerSize = Number(bytes.readBigUInt64LE());
    expect(headerSize % 8).toBe(0);
    expect(
      bytes
        .subarray(8, 8 + headerSize)
        .toString()
        .trimEnd(),
    ).toBe(
      '{"__metadata__":{"format":"pt","step":"3"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]},"empty":{"dtype":"F32","shape":[0],"data_offsets":[12,12]}}',
    );
    expect(readdirSync(directory)).toEqual(['model.safetensors']);
  });

  it('writes the same bytes for the same weights in another order, with PyTorch’s metadata by default', async () => {
    await writeSafetensors(file, weights);
    const first = readFileSync(file);
    await writeSafetensors(file, new Map([...weights].reverse()));
    expect(readFileSync(file)).toEqual(first);
    expect((await readSafetensors(file)).metadata).toEqual({ format: 'pt' });
  });

  it('refuses numbers that do not fill their shape, before it touches the file', async () => {
    await expect(writeSafetensors(file, new Map([['a', tensor([2, 3], 1)]]))).rejects.toThrow(
      new RangeError('a has 1 numbers, its shape [2, 3] needs 6'),
    );
    expect(readdirSync(directory)).toEqual([]);
  });

  it('says why a file cannot be written, with the system’s error as cause', async () => {
    const absent = path.join(directory, 'absent', 'model.safetensors');
    const error: unknown = await writeSafetensors(absent, weights).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/absent\/model\.safetensors cannot be written: ENOENT/),
      hint: 'Create the directory first.',
      cause: { code: 'ENOENT' },
    });
  });

  it.skipIf(process.platform === 'win32')(
    'leaves the older file as it was when the disk takes no more, and nothing beside it',
    async () => {
      await writeSafetensors(file, weights);
      const older = readFileSync(file);
      // A process that may write files of at most 512 × 200 bytes meets the limit as it would a full disk.
      const script = `
        const { writeSafetensors } = await import(${JSON.stringify(new URL('../../../src/engine/model/safetensors.ts', import.meta.url).href)});
        const big = new Map([['a', { shape: [100000], data: new Float32Array(100000) }]]);
        try { await writeSafetensors(${JSON.stringify(file)}, big); } catch (error) {
          process.stdout.write([error.name, error.cause.code, error.hint, error.message].join('|'));
        }`;
      const output = execFileSync(
        'sh',
        ['-c', 'trap "" XFSZ; ulimit -f 200; exec "$0" --input-type=module --eval "$1"', process.execPath, script],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      );
      expect(output).toBe(
        `ModelError|EFBIG|Free space on this disk, then try again.|${file} cannot be written: EFBIG: file too large, write.`,
      );
      expect(readFileSync(file)).toEqual(older);
      expect(readdirSync(directory)).toEqual(['model.safetensors']);
    },
  );
});
