/** bleubird's side of full_size.py: `node full_size.ts MODEL ROWS.json OUT.safetensors DEVICE`. */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { openBackend } from '../../src/engine/backend/open-backend.ts';
import type { DeviceName } from '../../src/engine/config/experiment.ts';
import { packSequences } from '../../src/engine/data/pack-batch.ts';
import { loadMarian } from '../../src/engine/model/marian/load-marian.ts';
import { readModelConfig, readWeights } from '../../src/engine/model/model-directory.ts';
import { ModelGradients } from '../../src/engine/model/model-gradients.ts';
import { type WeightTensor, writeSafetensors } from '../../src/engine/model/safetensors.ts';

const [folder = '', rows = '', out = '', device = 'wasm'] = process.argv.slice(2);
const [sources, targets] = JSON.parse(readFileSync(rows, 'utf8')) as [number[][], number[][]];

const backend = await openBackend(device as DeviceName, { precision: 'f32', threads: null });
const model = loadMarian(await readModelConfig(folder), await readWeights(folder), {});
const batch = { source: packSequences(sources), labels: packSequences(targets) };
const found = new Map<string, WeightTensor>();

function keep(name: string, tensor: tf.Tensor): void {
  found.set(name, { shape: tensor.shape, data: tensor.dataSync<'float32'>().slice() });
  tensor.dispose();
}

keep('encoder_states', model.encode(batch.source));
keep('logits', model.logits(batch));
const gradients = new ModelGradients(model.parameters);
const start = performance.now();
keep('loss', model.addGradients(batch, gradients, { weight: 1 }));
const seconds = (performance.now() - start) / 1000;
for (const [name, sum] of gradients.sums()) keep(name, tf.clone(sum));
await writeSafetensors(out, found);
process.stdout.write(
  `bleubird on ${backend.name}: ${backend.description}; forward and backward ${seconds.toFixed(1)} s\n`,
);
