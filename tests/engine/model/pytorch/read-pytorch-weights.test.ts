import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBackend } from '../../../../src/engine/backend/open-backend.ts';
import { loadModel } from '../../../../src/engine/model/load-model.ts';
import { readModelFiles, readWeights, saveModelDirectory } from '../../../../src/engine/model/model-directory.ts';
import { readPytorchWeights } from '../../../../src/engine/model/pytorch/read-pytorch-weights.ts';
import { readSafetensors, type WeightTensor } from '../../../../src/engine/model/safetensors.ts';
import { dict, pickle, storage, tensor, torchZip } from './torch-files.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../../../fixtures/pytorch/${name}`, import.meta.url));
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'pytorch-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Shape and bits, so that -0 differs from 0. */
function bitsOf(weights: ReadonlyMap<string, WeightTensor>): Record<string, unknown> {
  const bits = [...weights].map(([name, { shape, data }]) => {
    const copy = data.slice();
    return [name, { shape: [...shape], bits: [...new Uint32Array(copy.buffer)] }];
  });
  return Object.fromEntries(bits.sort());
}

async function twin(name: string): Promise<Map<string, WeightTensor>> {
  return (await readSafetensors(fixture(name))).tensors;
}

describe('readPytorchWeights', () => {
  it.each(['variety.bin', 'variety-legacy.bin', 'variety-protocol-4.bin'])(
    'reads every kind of tensor in %s as PyTorch does, bit for bit, and leaves whole numbers out',
    async (name) => {
      const weights = await readPytorchWeights(fixture(name));
      expect(bitsOf(weights)).toEqual(bitsOf(await twin('variety.safetensors')));
      expect([...weights.keys()].slice(0, 5)).toEqual(['plain', 'transposed', 'sliced', 'row', 'half']);
    },
  );

  it('reads protocol 3, and a state with attributes', async () => {
    const expected = await twin('variety.safetensors');
    const weights = await readPytorchWeights(fixture('protocol-3.bin'));
    expect(bitsOf(weights)).toEqual(
      bitsOf(new Map([...expected].filter(([name]) => name === 'plain' || name === 'half'))),
    );
    const linear = await readPytorchWeights(fixture('linear.bin'));
    expect([...linear].map(([name, { shape }]) => [name, shape])).toEqual([
      ['weight', [3, 2]],
      ['bias', [3]],
    ]);
  });

  it('keeps tied weights once in memory', async () => {
    const weights = await readPytorchWeights(fixture('variety.bin'));
    expect(weights.get('tied')?.data.buffer).toBe(weights.get('shared')?.data.buffer);
  });

  it('reads tensors without elements or with axes of length 1 whatever their strides', async () => {
    const file = path.join(directory, 'odd.bin');
    const huge = 2 ** 52;
    const from = storage('0', 2);
    const entries = {
      none: tensor(from, 2, [0, huge, huge], [1, 1, 1]),
      ones: tensor(from, 0, [1, 2, 1], [77, 1, 99]),
      last: tensor(from, 1, [1], [5]),
    };
    writeFileSync(file, torchZip(pickle(dict(entries)), { 0: new Uint8Array(new Float32Array([3, 4]).buffer) }));
    const weights = await readPytorchWeights(file);
    expect([...weights]).toEqual([
      ['none', { shape: [0, huge, huge], data: new Float32Array() }],
      ['ones', { shape: [1, 2, 1], data: new Float32Array([3, 4]) }],
      ['last', { shape: [1], data: new Float32Array([4]) }],
    ]);
    expect(weights.get('ones')?.data.buffer).toBe(weights.get('last')?.data.buffer);
  });
});

describe('readWeights', () => {
  beforeAll(() => openBackend('wasm'));

  it('reads pytorch_model.bin of a Marian: equal to its safetensors twin, loaded as such, saved as safetensors', async () => {
    cpSync(fixture('marian'), directory, { recursive: true });
    const weights = await readWeights(directory);
    expect(bitsOf(weights)).toEqual(bitsOf(await twin('marian/twin.safetensors')));
    expect(weights.size).toBe(49);
    const model = await loadModel(directory);
    const exported = await model.exportWeights();
    model.dispose();
    for (const [name, { data }] of exported) expect(data, name).toEqual(weights.get(name)?.data);
    const saved = path.join(directory, 'saved');
    await saveModelDirectory({ weights: exported, files: await readModelFiles(directory), destination: saved });
    expect(bitsOf(await readWeights(saved))).toEqual(bitsOf(exported));
  });

  it('prefers model.safetensors', async () => {
    cpSync(fixture('marian'), directory, { recursive: true });
    writeFileSync(path.join(directory, 'pytorch_model.bin'), 'not read');
    writeFileSync(path.join(directory, 'model.safetensors'), readFileSync(fixture('marian/twin.safetensors')));
    expect((await readWeights(directory)).size).toBe(49);
  });

  it('reads the shards of pytorch_model.bin.index.json', async () => {
    const expected = await twin('variety.safetensors');
    const names = ['plain', 'half', 'scalar'];
    expect(bitsOf(await readWeights(fixture('sharded')))).toEqual(
      bitsOf(new Map([...expected].filter(([name]) => names.includes(name)))),
    );
    cpSync(fixture('sharded'), directory, { recursive: true });
    const first = 'pytorch_model-00001-of-00002.bin';
    writeFileSync(
      path.join(directory, 'pytorch_model.bin.index.json'),
      JSON.stringify({ weight_map: { other: first } }),
    );
    await expect(readWeights(directory)).rejects.toThrow(
      `${first} has no other, which pytorch_model.bin.index.json says it holds.`,
    );
  });
});
