import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import { type LoadedModel, loadModel } from '../../../src/engine/model/load-model.ts';
import { loadMarian } from '../../../src/engine/model/marian/load-marian.ts';
import { readModelConfig, readWeights } from '../../../src/engine/model/model-directory.ts';
import { ModelGradients } from '../../../src/engine/model/model-gradients.ts';
import type { WeightTensor } from '../../../src/engine/model/safetensors.ts';
import { ModelError } from '../../../src/errors.ts';
import { FIXTURES, type Fixture, fixtureBatch, fixtureDirectory } from './marian-fixtures.ts';

type Config = Readonly<Record<string, unknown>>;

async function read(name: Fixture): Promise<{ config: Config; weights: Map<string, WeightTensor> }> {
  const directory = fixtureDirectory(name);
  return { config: await readModelConfig(directory), weights: await readWeights(directory) };
}

function errorOf(run: () => unknown): ModelError {
  try {
    run();
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

beforeAll(() => openBackend('wasm'));

describe('loadModel', () => {
  it.each(FIXTURES)('loads %s and exports the very weights of its file', async (fixture) => {
    const model = await loadModel(fixtureDirectory(fixture));
    const { config, weights } = await read(fixture);
    const exported = await model.exportWeights();
    expect(new Map([...exported].sort())).toEqual(new Map([...weights].sort()));
    expect(model.config).toEqual(config);
    expect(model).toMatchObject({
      modelType: 'marian',
      eosTokenId: 0,
      maxPositions: 12,
      vocabSize: config.decoder_vocab_size,
    });
    expect([...model.parameters.values()].every(({ trainable }) => trainable)).toBe(true);
    model.dispose();
  });

  it('makes an untrained model of a folder without weights, the same for the same seed', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'untrained-'));
    copyFileSync(path.join(fixtureDirectory('tied'), 'config.json'), path.join(directory, 'config.json'));
    const models = await Promise.all([1, 1, 2].map((initSeed) => loadModel(directory, { initSeed })));
    const [first, again, other] = models.map((model) => model.loss(fixtureBatch('tied')).dataSync()[0]);
    expect(first).toBe(again);
    expect(first).not.toBe(other);
    for (const model of models) model.dispose();
    rmSync(directory, { recursive: true });
  });

  it('replaces the dropout when asked to', async () => {
    const directory = fixtureDirectory('tied');
    const batch = fixtureBatch('tied');
    const loss = (model: LoadedModel): number | undefined => {
      const gradients = new ModelGradients(model.parameters);
      const [found] = model.addGradients(batch, gradients, { dropoutSeed: 1, weight: 1 }).dataSync();
      gradients.dispose();
      return found;
    };
    const [kept, none] = [await loadModel(directory, { dropout: null }), await loadModel(directory, { dropout: 0 })];
    expect(loss(none)).toBe(none.loss(batch).dataSync()[0]);
    expect(loss(kept)).not.toBe(none.loss(batch).dataSync()[0]);
    kept.dispose();
    none.dispose();
  });

  describe('with a directory of its own', () => {
    let directory = '';
    beforeEach(() => {
      directory = mkdtempSync(path.join(tmpdir(), 'bleubird-model-'));
    });
    afterEach(() => rmSync(directory, { recursive: true }));

    it.each([
      ['t5', '"t5"'],
      [undefined, 'null'],
    ])('refuses the family %s', async (modelType, shown) => {
      writeFileSync(path.join(directory, 'config.json'), JSON.stringify({ model_type: modelType }));
      await expect(loadModel(directory)).rejects.toThrow(
        new ModelError(`${directory}: model_type ${shown} is not supported, expected one of: marian.`, {
          hint: 'Use a Marian model, such as Helsinki-NLP/opus-mt-en-fr.',
        }),
      );
    });
  });
});

describe('the configuration', () => {
  it.each<[Record<string, unknown>, string]>([
    [
      { activation_function: 'tanh' },
      'activation_function: unsupported activation, expected one of swish, silu, relu, gelu (found "tanh")',
    ],
    [
      { normalize_before: true },
      'normalize_before: layer norm before the sublayer is not supported, expected false (found true)',
    ],
    [
      { normalize_embedding: true },
      'normalize_embedding: layer norm of the embeddings is not supported, expected false (found true)',
    ],
    [
      { add_final_layer_norm: true },
      'add_final_layer_norm: a layer norm after the last layer is not supported, expected false (found true)',
    ],
    [
      { static_position_embeddings: false },
      'static_position_embeddings: learned positions is not supported, expected true (found false)',
    ],
    [{ encoder_layerdrop: 0.1 }, 'encoder_layerdrop: layer drop is not supported, expected 0 (found 0.1)'],
    [{ d_model: undefined }, 'd_model: Invalid input: expected number, received undefined (the field is missing)'],
    [{ encoder_attention_heads: 3 }, 'encoder_attention_heads: 3 does not divide d_model 16'],
    [{ pad_token_id: 31 }, 'pad_token_id: 31 is outside the vocabulary of 31 pieces'],
    [
      { tie_word_embeddings: false },
      'tie_word_embeddings: false is not supported while share_encoder_decoder_embeddings is true',
    ],
    [{ decoder_vocab_size: 9 }, 'decoder_vocab_size: 9, expected vocab_size 31: the embeddings are shared'],
  ])('is refused with %o', async (change, problem) => {
    const { config, weights } = await read('tied');
    const changed = Object.fromEntries(
      Object.entries({ ...config, ...change }).filter(([, value]) => value !== undefined),
    );
    const { message, exitCode } = errorOf(() => loadMarian(changed, weights));
    expect(message.split('\n  ')).toContain(problem);
    expect(exitCode).toBe(4);
  });

  it('is refused with all its problems at once', async () => {
    const { config, weights } = await read('tied');
    const { message } = errorOf(() =>
      loadMarian({ ...config, d_model: 'x', normalize_before: true, vocab_size: 0 }, weights),
    );
    expect(message.split('\n  ')).toHaveLength(4);
  });

  it("takes transformers' defaults for what a file leaves out", async () => {
    const { config, weights } = await read('half-tied');
    const { activation_function, scale_embedding, eos_token_id, tie_word_embeddings, ...rest } = config;
    expect([activation_function, scale_embedding, eos_token_id, tie_word_embeddings]).toEqual(['gelu', false, 0, true]);
    const [full, sparse] = [loadMarian(config, weights), loadMarian(rest, weights)];
    const batch = fixtureBatch('half-tied');
    expect(sparse.loss(batch).dataSync()).toEqual(full.loss(batch).dataSync());
  });
});

describe('a model that cannot be made of its files', () => {
  it('is told with its folder', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'bleubird-model-'));
    const source = fixtureDirectory('tied');
    copyFileSync(path.join(source, 'model.safetensors'), path.join(directory, 'model.safetensors'));
    const config = await readModelConfig(source);
    writeFileSync(path.join(directory, 'config.json'), JSON.stringify({ ...config, encoder_layers: 3 }));
    await expect(loadModel(directory)).rejects.toThrow(`${directory}: The weights do not fit the model`);
    writeFileSync(path.join(directory, 'config.json'), JSON.stringify({ ...config, d_model: -1 }));
    await expect(loadModel(directory)).rejects.toThrow(`${directory}: config.json describes a Marian model`);
    rmSync(directory, { recursive: true });
  });
});

describe('the weights', () => {
  it('are refused in one error that lists the missing, the extra and the misshaped', async () => {
    const { config, weights } = await read('tied');
    weights.delete('model.encoder.layers.0.fc1.bias');
    weights.delete('model.shared.weight');
    weights.set('model.encoder.layernorm_embedding.weight', { shape: [16], data: new Float32Array(16) });
    weights.set('model.decoder.layers.1.fc2.weight', { shape: [2, 2], data: new Float32Array(4) });
    const { message } = errorOf(() => loadMarian(config, weights));
    expect(message.split('\n  ')).toEqual([
      'The weights do not fit the model that config.json describes:',
      'missing: model.shared.weight [31, 16]',
      'missing: model.encoder.layers.0.fc1.bias [24]',
      'misshaped: model.decoder.layers.1.fc2.weight is [2, 2], expected [16, 20]',
      'not part of the model: model.encoder.layernorm_embedding.weight [16]',
    ]);
  });

  it('may name a tied table by any of its names, and hold it again', async () => {
    const { config, weights } = await read('tied');
    const table = weights.get('model.shared.weight');
    if (table === undefined) throw new Error('the fixture has no shared table');
    const byOtherName = new Map(weights).set('lm_head.weight', table);
    byOtherName.delete('model.shared.weight');
    const held3Times = new Map(weights).set('lm_head.weight', table).set('model.decoder.embed_tokens.weight', table);
    for (const variant of [byOtherName, held3Times]) {
      const model = loadMarian(config, variant);
      expect([...model.parameters.keys()].filter((name) => !name.includes('layers'))).toEqual(['model.shared.weight']);
      model.dispose();
    }
  });

  it('may lack the final bias, which is then zero, and hold position tables, which are not used', async () => {
    const { config, weights } = await read('tied');
    weights.delete('final_logits_bias');
    weights.set('model.encoder.embed_positions.weight', { shape: [12, 16], data: new Float32Array(192).fill(9) });
    weights.set('model.decoder.embed_positions.weight', { shape: [12, 16], data: new Float32Array(192).fill(9) });
    const model = loadMarian(config, weights);
    const exported = await model.exportWeights();
    expect(exported.get('final_logits_bias')).toEqual({ shape: [1, 31], data: new Float32Array(31) });
    expect(exported.has('model.encoder.embed_positions.weight')).toBe(false);
    model.dispose();
  });
});
