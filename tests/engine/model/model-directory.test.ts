import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  readGenerationConfig,
  readModelConfig,
  readModelFiles,
  readWeights,
  saveModelDirectory,
} from '../../../src/engine/model/model-directory.ts';
import { type WeightTensor, writeSafetensors } from '../../../src/engine/model/safetensors.ts';
import { ModelError } from '../../../src/errors.ts';

const demo = fileURLToPath(new URL('../../../experiments/models/demo-en-fr', import.meta.url));
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'model-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const tensor = (...values: number[]): WeightTensor => ({ shape: [values.length], data: Float32Array.from(values) });
const write = (name: string, content: string): void => writeFileSync(path.join(directory, name), content);
const text = (name: string): string => readFileSync(path.join(directory, name), 'utf8');

async function errorOf(promise: Promise<unknown>): Promise<ModelError> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  if (error instanceof ModelError) return error;
  throw new Error(`no ModelError but ${error}`);
}

describe('readModelConfig', () => {
  it('gives config.json with the keys bleubird does not know', async () => {
    write('config.json', '{"model_type": "marian", "add_bias_logits": false}');
    expect(await readModelConfig(directory)).toEqual({ model_type: 'marian', add_bias_logits: false });
  });

  it('says what is wrong with it', async () => {
    expect((await errorOf(readModelConfig(directory))).message).toBe(
      `The model directory ${directory} has no config.json; it holds nothing.`,
    );
    write('config.json', '{"model_type": ');
    expect((await errorOf(readModelConfig(directory))).message).toMatch(
      /config\.json \(15 bytes\) is not valid JSON: Unexpected end of JSON input\.$/,
    );
    write('config.json', 'null');
    expect((await errorOf(readModelConfig(directory))).message).toMatch(
      /config\.json holds null, expected a JSON object\.$/,
    );
    expect((await errorOf(readModelConfig(path.join(directory, 'absent')))).message).toBe(
      `There is no model directory ${path.join(directory, 'absent')}.`,
    );
  });
});

describe('readGenerationConfig', () => {
  it('prefers generation_config.json, and falls back to config.json, where older models have the keys', async () => {
    write('config.json', '{"num_beams": 6}');
    expect(await readGenerationConfig(directory)).toEqual({ num_beams: 6 });
    write('generation_config.json', '{"num_beams": 4}');
    expect(await readGenerationConfig(directory)).toEqual({ num_beams: 4 });
  });
});

describe('readWeights', () => {
  it('reads weights that an index spreads over several files', async () => {
    await writeSafetensors(path.join(directory, 'model-1.safetensors'), new Map([['a', tensor(1)]]));
    await writeSafetensors(
      path.join(directory, 'model-2.safetensors'),
      new Map([
        ['b', tensor(2)],
        ['c', tensor(3)],
      ]),
    );
    const weightMap = { a: 'model-1.safetensors', b: 'model-2.safetensors', c: 'model-2.safetensors' };
    write('model.safetensors.index.json', JSON.stringify({ metadata: {}, weight_map: weightMap }));
    expect([...(await readWeights(directory))]).toEqual([
      ['a', tensor(1)],
      ['b', tensor(2)],
      ['c', tensor(3)],
    ]);
    write('model.safetensors.index.json', JSON.stringify({ weight_map: { ...weightMap, d: 'model-1.safetensors' } }));
    expect((await errorOf(readWeights(directory))).message).toMatch(
      /model-1\.safetensors has no d, which model\.safetensors\.index\.json says it holds\.$/,
    );
    rmSync(path.join(directory, 'model-2.safetensors'));
    expect((await errorOf(readWeights(directory))).message).toMatch(/ has no model-2\.safetensors; it holds /);
  });

  it.each([
    [
      { weight_map: { a: '../a.safetensors' } },
      /: a is said to lie in "\.\.\/a\.safetensors", expected a file name\.$/,
    ],
    [{ weight_map: { a: 3 } }, /: a is said to lie in 3, expected a file name\.$/],
    [{}, /index\.json: weight_map holds nothing, expected a JSON object\.$/],
  ])('refuses the index %j', async (index, message) => {
    write('model.safetensors.index.json', JSON.stringify(index));
    expect((await errorOf(readWeights(directory))).message).toMatch(message);
  });

  it('reads pytorch_model.bin when there are no safetensors, and says when it is no such file', async () => {
    write('pytorch_model.bin', 'PK');
    const { message, hint } = await errorOf(readWeights(directory));
    expect(message).toBe(
      `${directory}/pytorch_model.bin (2 bytes) is no file of PyTorch: it begins with neither a zip file nor a pickle.`,
    );
    expect(hint).toContain("model.save_pretrained('…')");
  });

  it('knows a pointer of Git LFS, and weights of other frameworks', async () => {
    write('tf_model.h5', 'x');
    expect(await errorOf(readWeights(directory))).toMatchObject({
      message: `The model directory ${directory} has weights of another framework only: tf_model.h5.`,
      hint: 'Expected model.safetensors or pytorch_model.bin: fetch one of them from where the model came from.',
    });
    write('model.safetensors', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n');
    expect(await errorOf(readWeights(directory))).toMatchObject({
      message: `${directory}/model.safetensors is a pointer of Git LFS, not the weights themselves.`,
      hint: 'Run "git lfs pull" in the clone, or fetch the model with "bleubird fetch".',
    });
  });

  it('names what is missing when there are no weights at all', async () => {
    expect((await errorOf(readWeights(directory))).message).toMatch(/ has no model\.safetensors; it holds nothing\.$/);
  });
});

describe('saveModelDirectory', () => {
  it('writes the weights as float32 and takes all else over, byte for byte but for the number type', async () => {
    const weights = await readWeights(demo);
    const destination = path.join(directory, 'new', 'model');
    await saveModelDirectory({ weights, files: await readModelFiles(demo), destination });
    expect(await readWeights(destination)).toEqual(new Map([...weights].sort(([a], [b]) => (a < b ? -1 : 1))));
    const names = readdirSync(destination);
    expect(names.sort()).toEqual(
      readdirSync(demo)
        .filter((name) => name !== 'README.md')
        .sort(),
    );
    for (const name of names.filter((name) => name !== 'model.safetensors' && name !== 'config.json')) {
      expect(readFileSync(path.join(destination, name)), name).toEqual(readFileSync(path.join(demo, name)));
    }
    const config = (at: string): string => readFileSync(path.join(at, 'config.json'), 'utf8');
    expect(config(destination)).toBe(config(demo).replace('"float16"', '"float32"'));
  });

  it.each([
    [
      '{"dropout": 0.0, "torch_dtype": "float16", "x": [1e5]}',
      '{"dropout": 0.0, "torch_dtype": "float32", "x": [1e5]}',
    ],
    ['{\n  "dtype": null\n}\n', '{\n  "dtype": "float32"\n}\n'],
    ['{\n  "d_model": 8\n}\n', '{\n  "torch_dtype": "float32",\n  "d_model": 8\n}\n'],
  ])('keeps the text of config.json %j', async (config, expected) => {
    write('config.json', config);
    const destination = path.join(directory, 'saved');
    await saveModelDirectory({
      weights: new Map([['a', tensor(1)]]),
      files: await readModelFiles(directory),
      destination,
    });
    expect(text('saved/config.json')).toBe(expected);
    expect(JSON.parse(text('saved/config.json'))).toMatchObject(
      JSON.parse(config.replace(/"float16"|null/, '"float32"')),
    );
  });

  it('saves over the directory it came from', async () => {
    cpSync(demo, directory, { recursive: true });
    const weights = new Map([['a', tensor(1, 2)]]);
    await saveModelDirectory({ weights, files: await readModelFiles(directory), destination: directory });
    expect(await readWeights(directory)).toEqual(weights);
    expect(text('vocab.json')).toBe(readFileSync(path.join(demo, 'vocab.json'), 'utf8'));
    expect(readdirSync(directory).filter((name) => name.includes('unfinished'))).toEqual([]);
  });

  it('says when the destination cannot be made', async () => {
    write('file', '');
    const destination = path.join(directory, 'file', 'model');
    const { message, hint } = await errorOf(
      saveModelDirectory({ weights: new Map(), files: await readModelFiles(demo), destination }),
    );
    expect(message).toMatch(/^The directory .*file\/model cannot be made: ENOTDIR/);
    expect(hint).toContain('its parent is writable');
  });
});
