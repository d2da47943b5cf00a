import { describe, expect, it } from 'vitest';
import { initialWeights } from '../../../src/engine/model/marian/initial-weights.ts';
import { type MarianConfig, parseMarianConfig } from '../../../src/engine/model/marian/marian-config.ts';
import { parameterShapes } from '../../../src/engine/model/marian/marian-weights.ts';

function config(changes: Record<string, unknown> = {}): MarianConfig {
  return parseMarianConfig({
    model_type: 'marian',
    ...{ vocab_size: 400, d_model: 32, pad_token_id: 399, decoder_start_token_id: 399 },
    ...{ encoder_layers: 2, encoder_attention_heads: 4, encoder_ffn_dim: 64 },
    ...{ decoder_layers: 1, decoder_attention_heads: 4, decoder_ffn_dim: 64 },
    ...changes,
  });
}

const tableOf = (weights: ReturnType<typeof initialWeights>): Float32Array =>
  weights.get('model.shared.weight')?.data ?? new Float32Array();

describe('initialWeights', () => {
  it('gives every parameter its shape, and repeats itself for the same seed alone', () => {
    const weights = initialWeights(config(), 7);
    expect(new Map([...weights].map(([name, { shape }]) => [name, shape]))).toEqual(parameterShapes(config()));
    expect(initialWeights(config(), 7)).toEqual(weights);
    expect(tableOf(initialWeights(config(), 8))).not.toEqual(tableOf(weights));
  });

  it.each([0.02, 0.5])('draws matrices from a normal distribution of deviation %f', (deviation) => {
    const values = tableOf(initialWeights(config({ init_std: deviation }), 1)).subarray(0, 399 * 32);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const within = (bound: number): number =>
      values.filter((value) => Math.abs(value) < bound * deviation).length / values.length;
    // Four standard errors of 12,768 draws.
    expect(Math.abs(mean / deviation)).toBeLessThan(0.036);
    expect(Math.abs(Math.sqrt(variance) / deviation - 1)).toBeLessThan(0.026);
    expect(Math.abs(within(1) - 0.6827)).toBeLessThan(0.017);
    expect(Math.abs(within(2) - 0.9545)).toBeLessThan(0.008);
  });

  it('draws each parameter for itself', () => {
    const weights = initialWeights(config(), 1);
    const [a, b] = ['q_proj', 'k_proj'].map(
      (name) => weights.get(`model.encoder.layers.0.self_attn.${name}.weight`)?.data ?? new Float32Array(),
    );
    expect(a?.filter((value) => b?.includes(value))).toHaveLength(0);
  });

  it('leaves biases and the row of the pad at 0, and layer norms at 1', () => {
    const weights = initialWeights(config(), 1);
    for (const [name, { data }] of weights) {
      const expected = name.endsWith('.bias') ? 0 : name.endsWith('layer_norm.weight') ? 1 : null;
      if (expected === null) expect(data.filter((value) => value !== 0).length, name).toBeGreaterThan(data.length / 2);
      else expect(new Set(data), name).toEqual(new Set([expected]));
    }
    expect(new Set(tableOf(weights).subarray(399 * 32))).toEqual(new Set([0]));
  });
});
