/**
 * Writes a model's weights as float16, which halves the file: how demo-en-fr/model.safetensors came from its last checkpoint.
 *
 *   npx node experiments/models/store-as-float16.ts CHECKPOINT/model.safetensors TO.safetensors
 */
import { writeFileSync } from 'node:fs';
import { readSafetensors } from '../../src/engine/model/safetensors.ts';

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined)
  throw new Error('usage: store-as-float16.ts FROM.safetensors TO.safetensors');

const { tensors, metadata } = await readSafetensors(from);
const numbers: Uint8Array[] = [];
const header: Record<string, unknown> = { __metadata__: metadata };
let end = 0;
for (const [name, { shape, data }] of tensors) {
  const halves = Float16Array.from(data);
  if (!halves.every(Number.isFinite)) throw new RangeError(`${name} holds numbers beyond those of float16`);
  numbers.push(new Uint8Array(halves.buffer));
  header[name] = { dtype: 'F16', shape, data_offsets: [end, end + halves.byteLength] };
  end += halves.byteLength;
}
const json = Buffer.from(JSON.stringify(header));
const length = Buffer.alloc(8);
const padding = Buffer.alloc((8 - (json.length % 8)) % 8, ' ');
length.writeBigUInt64LE(BigInt(json.length + padding.length));
writeFileSync(to, Buffer.concat([length, json, padding, ...numbers]));
