/** Random weights for training a Marian from scratch, drawn as transformers' `_init_weights` draws them. */
import { hash32 } from '../ops/hash32.ts';
import type { WeightTensor } from '../safetensors.ts';
import type { MarianConfig } from './marian-config.ts';
import { parameterShapes, tableNames } from './marian-weights.ts';

/**
 * Returns every parameter by name: matrices and tables from a normal distribution of deviation `init_std`, the pad's row
 * and all biases 0, layer norms 1. The same seed gives the same weights.
 *
 * @param seed any integer
 */
export function initialWeights(config: MarianConfig, seed: number): Map<string, WeightTensor> {
  const tables = new Set(tableNames(config).flat());
  const weights = new Map<string, WeightTensor>();
  let site = 0;
  for (const [name, shape] of parameterShapes(config)) {
    site += 1;
    const data = new Float32Array(shape.reduce((size, length) => size * length, 1));
    if (name.endsWith('layer_norm.weight')) {
      data.fill(1);
    } else if (!name.endsWith('.bias')) {
      fillNormal(data, config.initStd, hash32(hash32(seed | 0) + site));
      const width = shape[1] ?? 0;
      if (tables.has(name)) data.fill(0, config.padTokenId * width, (config.padTokenId + 1) * width);
    }
    weights.set(name, { shape, data });
  }
  return weights;
}

/** Box and Muller's transform of two hashes for each two values; `key` tells one parameter's values from another's. */
function fillNormal(data: Float32Array, deviation: number, key: number): void {
  const uniform = (counter: number): number => ((hash32(hash32(counter) ^ key) >>> 0) + 1) / 2 ** 32; // in (0, 1]
  for (let place = 0; place < data.length; place += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(uniform(place)));
    const angle = 2 * Math.PI * uniform(place + 1);
    data[place] = radius * Math.cos(angle);
    if (place + 1 < data.length) data[place + 1] = radius * Math.sin(angle);
  }
}
