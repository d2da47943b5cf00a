import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPytorchWeights } from '../../../../src/engine/model/pytorch/read-pytorch-weights.ts';
import { ModelError } from '../../../../src/errors.ts';
import { dict, integer, pickle, storage, tensor, text, torchZip, tuple, zip } from './torch-files.ts';

const fixture = (name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`../../../fixtures/pytorch/${name}`, import.meta.url)));
let directory: string;
let file: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'pytorch-'));
  file = path.join(directory, 'pytorch_model.bin');
});
afterAll(() => rmSync(directory, { recursive: true }));

async function errorOf(bytes: Uint8Array): Promise<ModelError> {
  writeFileSync(file, bytes);
  const error: unknown = await readPytorchWeights(file).catch((reason: unknown) => reason);
  if (error instanceof ModelError) return error;
  throw new Error(`no ModelError but ${error}`);
}

const floats = (count: number): Buffer => Buffer.alloc(count * 4);
const repeated = (part: string, times: number): Buffer => Buffer.from(part.repeat(times), 'latin1');
const one = (pickled: Buffer) => torchZip(pickled, { 0: floats(1) });
const weight = (...parts: Parameters<typeof tensor>) => one(pickle(dict({ w: tensor(...parts) })));
/** A record begins after a header of 30 bytes and its name, `archive/data.pkl`. */
const PICKLE_AT = 46;

describe('a file that names what is not a tensor', () => {
  it.each([
    ['harmful.bin', '"posix.system" at byte 241'],
    ['harmful-legacy.bin', '"posix.system" at byte 153'],
    ['whole-model.bin', '"torch.nn.modules.linear.Linear" at byte 66'],
  ])('is refused with file, name and byte: %s', async (name, what) => {
    const { message, hint } = await errorOf(fixture(name));
    expect(message).toBe(`${file} names ${what}, which no tensor needs; nothing of the file was run.`);
    expect(hint).toContain('only when you trust its author');
    expect(existsSync('harmed')).toBe(false);
  });

  it.each([
    ['cbuiltins\neval\n', '"builtins.eval"'],
    ['ctorch\nload\n', '"torch.load"'],
    ['c__builtin__\ntoString\n', '"__builtin__.toString"'],
    ['c\u001b[2J\nx\n', '"\\u001b[2J.x"'],
    [Buffer.from('c\u202e\nx\n'), '"\\u202e.x"'],
    [Buffer.concat([text('os'), text('system'), Buffer.from([0x93])]), '"os.system"'],
  ])('is refused however it is written, case %#', async (part, name) => {
    expect((await errorOf(one(pickle(part)))).message).toContain(`${file} names ${name} at byte `);
  });

  it('is refused when it has an instruction that builds objects', async () => {
    for (const opcode of ['i', 'o', 0x81, 0x92, 0x82, 0x8b, 'P', 'I', 'V', '0', '2', 0x97]) {
      expect((await errorOf(one(pickle(opcode)))).message).toMatch(
        / has the pickle instruction 0x[0-9a-f]{2} at byte 48, which no tensor needs\.$/,
      );
    }
  });
});

describe('a pickle that would exhaust memory or time', () => {
  it.each([
    ['lists nested 100,001 deep', pickle(repeated(']', 100_001)), / at byte \d+ more nested values than the 100000 /],
    ['marks nested 100,001 deep', pickle(repeated('(', 100_001)), / more nested values than the 100000 /],
    ['tuples nested 100,000 deep', pickle(')', repeated('\x85', 100_000)), / holds no dictionary of tensors\.$/],
    ['too many containers', pickle(']', repeated(')a', 400_001)), / more containers than the 400000 /],
    [
      'too many remembered values',
      pickle('N', repeated('\x94', 1_000_001)),
      / more remembered values than the 1000000 /,
    ],
    ['too many instructions', pickle('N', repeated('q\0', 4_000_001)), / more instructions than the 4000000 /],
    ['text of 4 GB', pickle('X', 255, 255, 255, 255), / more bytes of text \(4294967295\) than the 65536 /],
    ['a name without end', pickle('c', repeated('a', 300)), / a name that does not end within 256 bytes\.$/],
    [
      'the remembered value 4294967295',
      pickle('j', 255, 255, 255, 255),
      / the remembered value 4294967295, which was never set\.$/,
    ],
  ])('is refused: %s', async (_, pickled, message) => {
    expect((await errorOf(one(pickled))).message).toMatch(message);
  });

  it('takes no memory for the places it remembers values at', async () => {
    writeFileSync(file, one(pickle('}', 'r', 255, 255, 255, 255, 'j', 255, 255, 255, 255)));
    expect(await readPytorchWeights(file)).toEqual(new Map());
  });
});

describe('a pickle that PyTorch would not write', () => {
  const call = (name: string, ...args: Buffer[]) =>
    Buffer.concat([Buffer.from(`c${name}\n`), tuple(...args), Buffer.from('R')]);
  it.each([
    [pickle('R'), 'too few values on the stack'],
    [pickle('NNR'), 'a call of what is no function'],
    [pickle('t'), 'the end of a group that never began'],
    [pickle('(NNs'), 'entries for what is no dictionary'],
    [pickle('](NNu'), 'entries for what is no dictionary'],
    [pickle('}(Nu'), 'entries for what is no dictionary'],
    [pickle('}NNs'), 'a dictionary whose key is no text'],
    [pickle('a'), 'too few values on the stack'],
    [pickle('NNa'), 'items for what is no list'],
    [pickle('NNb'), 'attributes for what is no dictionary'],
    [pickle('q', 0), 'a value to remember, but the stack is empty'],
    [pickle('NQ'), 'a reference to something that is no storage'],
    [pickle(')Q'), 'a reference to something that is no storage'],
    [pickle('NN', 0x93), 'a global whose name is no text'],
    [pickle(call('collections\nOrderedDict', integer(1))), 'an OrderedDict made of something'],
    [pickle(call('torch._utils\n_rebuild_parameter', integer(1))), 'a parameter of what is no tensor'],
    [pickle(call('torch\nFloatStorage', integer(1))), 'a call of torch.FloatStorage, which is a type of numbers'],
    [pickle(call('torch._utils\n_rebuild_tensor_v2')), 'a tensor without storage, offset, shape or strides'],
    [pickle(tensor(storage('0', -1), 0, [], [])), 'a reference to something that is no storage'],
    [pickle(tensor(storage('0', 1), -1, [], [])), 'a tensor without storage, offset, shape or strides'],
    [pickle(tensor(storage('0', 1), 0, [1], [])), 'a tensor of 1 axes and 0 strides'],
    [pickle(tensor(storage('0', 1), 0, Array(17).fill(1), Array(17).fill(1))), 'a tensor of 17 axes and 17 strides'],
  ])('is refused, case %#', async (pickled, what) => {
    const { message } = await errorOf(one(pickled));
    expect(message).toMatch(/pytorch_model\.bin is damaged: at byte \d+ there is /);
    expect(message).toContain(what);
  });

  it.each([
    [[2], [1], 0, 'a tensor [2] with strides [1] from number 0 on, in a storage of 1'],
    [[1], [1], 1, 'a tensor [1] with strides [1] from number 1 on, in a storage of 1'],
    [[2], [0], 0, 'a tensor [2] with strides [0] from'],
    [[2 ** 52, 2 ** 52, 2 ** 52], [0, 0, 0], 0, 'a tensor ['],
    [[2, 2], [2 ** 52, 2 ** 52], 2 ** 52, 'a tensor ['],
    [[2], [-1], 1, 'a tensor without'],
  ])('is refused when shape %j, strides %j and offset %d leave the storage', async (shape, strides, offset, what) => {
    expect((await errorOf(weight(storage('0', 1), offset, shape, strides))).message).toContain(what);
  });

  it('is refused when it holds something else than tensors by name', async () => {
    expect((await errorOf(one(pickle(dict({ state_dict: dict({}) }))))).message).toBe(
      `${file} holds "state_dict", which is no tensor; expected a model's weights and nothing else.`,
    );
    expect((await errorOf(one(pickle(integer(3))))).message).toBe(`${file} holds no dictionary of tensors.`);
    expect((await errorOf(fixture('double.bin'))).message).toBe(
      `${file} has numbers of type float64 in "weight"; bleubird reads float32, float16, bfloat16.`,
    );
  });

  it('is refused when its protocol is unknown', async () => {
    expect((await errorOf(one(Buffer.from([0x80, 5, 0x4e, 0x2e])))).message).toBe(
      `${file} is a pickle of protocol 5 at byte ${PICKLE_AT}, expected 2, 3 or 4.`,
    );
  });
});

describe('a zip file that lies', () => {
  const state = pickle(dict({ w: tensor(storage('0', 4), 0, [4], [1]) }));

  it.each(['../data.pkl', '/data.pkl', 'a/../../b', 'C:/x', 'a\\b'])(
    'is refused with the record name %s',
    async (name) => {
      const bytes = zip([
        { name: 'archive/data.pkl', bytes: state },
        { name, bytes: floats(1) },
      ]);
      expect((await errorOf(bytes)).message).toBe(
        `${file} is damaged: its record ${JSON.stringify(name)} at byte ${PICKLE_AT + state.length} has a path that leads out of it.`,
      );
    },
  );

  it('is refused when its records are compressed', async () => {
    expect((await errorOf(fixture('compressed.bin'))).message).toMatch(
      / has the compressed record "variety\/data\.pkl" at byte 0 \(\d+ bytes said to become \d+\), which PyTorch does not write\.$/,
    );
  });

  it('is refused when a storage is absent, or has another size than its tensors need', async () => {
    expect((await errorOf(torchZip(state))).message).toBe(`${file} is damaged: it has no record for the storage "0".`);
    expect((await errorOf(torchZip(state, { 0: floats(3) }))).message).toMatch(
      /the storage "0" at byte \d+ has 12 bytes, but its tensors need 16\.$/,
    );
    const traversal = pickle(dict({ w: tensor(storage('../../data.pkl', 4), 0, [4], [1]) }));
    expect((await errorOf(torchZip(traversal))).message).toContain('it has no record for the storage "../../data.pkl"');
  });

  it('is refused when a record is said to reach beyond the file', async () => {
    const big = pickle(dict({ w: tensor(storage('0', 2 ** 29), 0, [2 ** 29], [1]) }));
    const record = { name: 'archive/data/0', bytes: floats(4), claimedSize: 2 ** 31 };
    expect((await errorOf(zip([{ name: 'archive/data.pkl', bytes: big }, record]))).message).toMatch(
      / as a zip file it cannot be read: file data overflows file bounds/,
    );
    const away = { name: 'archive/data/0', bytes: floats(4), claimedOffset: 2 ** 30 };
    expect((await errorOf(zip([{ name: 'archive/data.pkl', bytes: state }, away]))).message).toMatch(
      / it points to byte 1073741824, but has \d+ bytes\.$/,
    );
  });

  it('is refused when many records claim the same bytes', async () => {
    const keys = Array.from({ length: 8 }, (_, key) => String(key));
    const entries = keys.map((key) => [key, tensor(storage(key, 2000), 0, [2000], [1])] as const);
    const shared = pickle(dict(Object.fromEntries(entries)));
    // The one record is named as all of them: only the directory's names count.
    const at = PICKLE_AT + shared.length;
    const records = keys.map((key) => ({
      name: `archive/data/${key}`,
      bytes: key === '0' ? floats(2000) : Buffer.alloc(0),
      claimedOffset: at,
      claimedSize: 8000,
    }));
    expect((await errorOf(zip([{ name: 'archive/data.pkl', bytes: shared }, ...records]))).message).toMatch(
      / has storages that overlap: they are larger than the file, which has \d+ bytes\.$/,
    );
  });

  it('is refused when many views of one storage would each take a copy', async () => {
    const views = Array.from(
      { length: 60 },
      (_, i) => [`w${i}`, tensor(storage('0', 4000), i, [30, 60], [1, 60])] as const,
    );
    const pickled = pickle(dict(Object.fromEntries(views)));
    expect((await errorOf(torchZip(pickled, { 0: floats(4000) }))).message).toMatch(
      / takes more memory than fits its size at "w\d+"\.$/,
    );
  });

  it('is refused when a record comes twice, there is no pickle, or the numbers are big-endian', async () => {
    const record = { name: 'archive/data.pkl', bytes: state };
    expect((await errorOf(zip([record, record]))).message).toContain('it has the record "archive/data.pkl" twice.');
    expect((await errorOf(zip([{ name: 'word/document.xml', bytes: state }]))).message).toBe(
      `${file} is a zip file, but not one of PyTorch: it has no data.pkl.`,
    );
    const order = { name: 'archive/byteorder', bytes: Buffer.from('big') };
    expect((await errorOf(zip([record, order]))).message).toBe(
      `${file} has numbers in the byte order "big", expected little.`,
    );
    const long = { name: 'archive/data.pkl', bytes: Buffer.alloc(2 ** 24 + 1) };
    expect((await errorOf(zip([long]))).message).toBe(
      `${file} describes its tensors in 16777217 bytes, expected at most 16777216.`,
    );
  });

  it('is refused when it has more records than any model', async () => {
    const records = Array.from({ length: 20_001 }, (_, i) => ({ name: `archive/${i}`, bytes: Buffer.alloc(0) }));
    expect((await errorOf(zip(records))).message).toBe(`${file} has 20001 records, expected at most 20000.`);
  });

  it('is refused when its directory is said to lie at byte 2^60', async () => {
    const whole = torchZip(state, { 0: floats(4) });
    const end = Buffer.alloc(56);
    end.write('PK\x06\x06', 'latin1');
    end.writeBigUInt64LE(2n, 32);
    end.writeBigUInt64LE(2n ** 60n, 48);
    const locator = Buffer.alloc(20);
    locator.write('PK\x06\x07', 'latin1');
    locator.writeBigUInt64LE(BigInt(whole.length - 22), 8);
    const bytes = Buffer.concat([whole.subarray(0, -22), end, locator, whole.subarray(-22)]);
    expect((await errorOf(bytes)).message).toMatch(/ it points to byte 1152921504606847000, but has \d+ bytes\.$/);
  });
});

describe('a file that is not whole, or not of PyTorch', () => {
  it.each(['linear.bin', 'variety-legacy.bin', 'plain-pickle.bin'])(
    'is refused when %s is cut off after any of its bytes',
    async (name) => {
      const bytes = fixture(name);
      for (let length = 0; length < bytes.length; length++) {
        const { message } = await errorOf(bytes.subarray(0, length));
        expect(message, `${length} bytes`).toContain(file);
      }
    },
  );

  it('gives weights or a ModelError, nothing else, whichever bit is flipped', async () => {
    for (const name of ['linear.bin', 'variety-legacy.bin']) {
      const bytes = fixture(name);
      for (let at = 0; at < bytes.length; at += 5) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
        writeFileSync(file, flipped);
        await readPytorchWeights(file).catch((error: unknown) => {
          if (!(error instanceof ModelError)) throw new Error(`byte ${at} of ${name}`, { cause: error });
        });
      }
    }
  });

  it.each([
    [Buffer.alloc(0), /\(0 bytes\) is no file of PyTorch: it begins with neither a zip file nor a pickle\.$/],
    [Buffer.from('version https://git-lfs.github.com/spec/v1\n'), /\(43 bytes\) is no file of PyTorch/],
    [
      Buffer.concat([Buffer.alloc(257, 'a'), Buffer.from('ustar\x0000')]),
      / is a tar file, as PyTorch wrote before 2017, which bleubird does not read\.$/,
    ],
    [fixture('plain-pickle.bin'), / is a pickle, but not one of PyTorch: it has another magic number\.$/],
  ])('is refused, case %#', async (bytes, message) => {
    expect((await errorOf(bytes)).message).toMatch(message);
  });

  it('says what is wrong with an old file', async () => {
    const bytes = fixture('harmful-legacy.bin');
    const magic = bytes.subarray(0, 15);
    const version = bytes.subarray(15, 21);
    const system = pickle(dict({}));
    const legacy = (...parts: Buffer[]) => errorOf(Buffer.concat([magic, ...parts]));
    expect((await legacy(pickle(integer(7)))).message).toBe(`${file} has the version 7, expected 1001.`);
    expect((await legacy(version, pickle(dict({ little_endian: 0x89 })))).message).toBe(
      `${file} has big-endian numbers, expected little-endian ones.`,
    );
    const state = pickle(dict({ w: tensor(storage('7', 1), 0, [1], [1]) }));
    expect((await legacy(version, system, state, pickle('N'))).message).toContain('it has no list of its storages');
    const keys = (...names: string[]) => pickle(']', '(', ...names.map(text), 'e');
    expect((await legacy(version, system, state, keys('8'))).message).toContain(
      'no tensor needs the storage "8" it has',
    );
    expect((await legacy(version, system, state, keys())).message).toContain('it has no numbers for the storage "7"');
    expect((await legacy(version, system, state, keys('7'), Buffer.alloc(12))).message).toMatch(
      /the storage "7" at byte \d+ has 0 numbers, but its tensors need 1\.$/,
    );
    expect((await legacy(version, system, state, keys('7'), Buffer.alloc(11))).message).toMatch(
      /the storage "7" needs the bytes \d+ to \d+, but the file has \d+\.$/,
    );
    const twice = pickle(
      dict({ a: tensor(storage('7', 1), 0, [1], [1]), b: tensor(storage('7', 1, 'torch\nHalfStorage'), 0, [1], [1]) }),
    );
    expect((await legacy(version, system, twice, keys('7'))).message).toContain(
      'the storage "7" is said to hold 1 float32 and 1 float16',
    );
  });

  it('names what is missing, and what is no file', async () => {
    await expect(readPytorchWeights(path.join(directory, 'absent.bin'))).rejects.toThrow(/ has no absent\.bin; /);
    const folder = path.join(directory, 'folder');
    mkdirSync(folder);
    await expect(readPytorchWeights(folder)).rejects.toThrow(/folder cannot be read: EISDIR/);
  });
});
