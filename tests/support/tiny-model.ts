/**
 * A model that trains and translates in moments, for tests of what happens around a training: of random weights, one narrow layer on
 * either side, with the tokenizer of the demo model. Its translations are nonsense.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { initialWeights } from '../../src/engine/model/marian/initial-weights.ts';
import { parseMarianConfig } from '../../src/engine/model/marian/marian-config.ts';
import { writeSafetensors } from '../../src/engine/model/safetensors.ts';
import { demoModel } from './demo-model.ts';

/** The folder of the model; it is gone after the tests of the file. */
export const tinyModel = mkdtempSync(join(tmpdir(), 'bleubird-tiny-model-'));
afterAll(() => rmSync(tinyModel, { recursive: true, force: true }));

const config = {
  ...JSON.parse(readFileSync(join(demoModel, 'config.json'), 'utf8')),
  d_model: 16,
  encoder_layers: 1,
  decoder_layers: 1,
  encoder_attention_heads: 2,
  decoder_attention_heads: 2,
  encoder_ffn_dim: 32,
  decoder_ffn_dim: 32,
};
writeFileSync(join(tinyModel, 'config.json'), JSON.stringify(config));
for (const name of ['generation_config.json', 'source.spm', 'target.spm', 'tokenizer_config.json', 'vocab.json']) {
  copyFileSync(join(demoModel, name), join(tinyModel, name));
}
const weights = initialWeights(parseMarianConfig(config), 1);
const noBias = { shape: [1, config.vocab_size], data: new Float32Array(config.vocab_size) };
await writeSafetensors(join(tinyModel, 'model.safetensors'), weights.set('final_logits_bias', noBias));
