/** Weights: safetensors, PyTorch's zip files, streams of pickles and bare pickles; and the JSON files beside them. */
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveGenerationSettings } from '../../../src/engine/decoding/generation-settings.ts';
import { parseMarianConfig } from '../../../src/engine/model/marian/marian-config.ts';
import { parameterShapes } from '../../../src/engine/model/marian/marian-weights.ts';
import { readGenerationConfig, readModelConfig, readWeights } from '../../../src/engine/model/model-directory.ts';
import { readPytorchWeights } from '../../../src/engine/model/pytorch/read-pytorch-weights.ts';
import { unpickle } from '../../../src/engine/model/pytorch/unpickle.ts';
import { readSafetensors } from '../../../src/engine/model/safetensors.ts';
import type { Random } from '../random.ts';
import type { FuzzedReader } from '../reader.ts';
import { spoilJson } from '../spoil-json.ts';
import { spoilZip } from '../zip.ts';
import { fixture } from './fixture.ts';

function safetensorsOf(header: string, data: Buffer): Buffer {
  const bytes = Buffer.from(header);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([size, bytes, data]);
}

const safetensors: FuzzedReader = {
  name: 'safetensors',
  seeds: () => [
    fixture('tests/fixtures/pytorch/variety.safetensors'),
    safetensorsOf(
      '{"a":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[0,3],"data_offsets":[8,8]}}',
      Buffer.alloc(8),
    ),
    safetensorsOf(
      '{"__metadata__":{"format":"pt"},"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}',
      Buffer.alloc(4, 1),
    ),
  ],
  words: ['"F32"', '"data_offsets":', '"shape":[', '1152921504606846976', '__metadata__', '{"', '}'],
  spoil(input, random) {
    if (input.length < 10) return input;
    const headerEnd = 8 + Number(input.readBigUInt64LE() & 0xffff_ffffn);
    return safetensorsOf(spoilJson(input.toString('utf8', 8, headerEnd), random), input.subarray(headerEnd));
  },
  async read(input, folder) {
    const path = join(folder, 'model.safetensors');
    writeFileSync(path, input);
    await readSafetensors(path);
  },
};

/** One of each instruction the unpickler knows, and some it must refuse. */
const OPCODES = [
  'N',
  '\x88',
  '\x89',
  'J\xff\xff\xff\x7f',
  'K\x01',
  'M\xff\xff',
  '\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f',
  '\x8a\xff',
  'G\x7f\xf8\0\0\0\0\0\0',
  'X\x01\0\0\0a',
  'X\xff\xff\xff\xff',
  '\x8c\x01a',
  ')',
  '\x85',
  '\x86',
  '\x87',
  't',
  ']',
  '}',
  'h\0',
  'h\x01',
  'j\xff\xff\xff\x7f',
  'R',
  'Q',
  'a',
  'e',
  's',
  'u',
  '(',
  'q\0',
  'q\x01',
  'r\xff\xff\xff\xff',
  '\x94',
  'b',
  '.',
  '0',
  '2',
  '\x80\x02',
  '\x80\x05',
  '\x95\xff\xff\xff\xff\xff\xff\xff\xff',
  '\x93',
  '\x81',
  'c',
  'i',
  'o',
  'cos\nsystem\n',
  'cbuiltins\neval\n',
  'ccollections\nOrderedDict\n',
  'ctorch._utils\n_rebuild_tensor_v2\n',
  'ctorch\nFloatStorage\n',
  'X\x07\0\0\0storage',
].map((text) => Buffer.from(text, 'latin1'));

function spoilPickle(input: Buffer, random: Random): Buffer {
  const start = Math.max(0, input.indexOf('\x80\x02', 0, 'latin1'));
  const at = start + random.below(input.length - start);
  const put = random.pick(OPCODES) ?? Buffer.alloc(0);
  const count = random.oneIn(100) ? 20_000 : 1;
  const removed = random.oneIn(2) ? put.length : 0;
  return Buffer.concat([input.subarray(0, at), Buffer.alloc(put.length * count, put), input.subarray(at + removed)]);
}

const pickle: FuzzedReader = {
  name: 'pickle',
  seeds: () =>
    ['linear', 'variety', 'protocol-3', 'variety-protocol-4', 'harmful'].map((name) => {
      const file = fixture(`tests/fixtures/pytorch/${name}.bin`);
      const start = file.indexOf('\x80', 0, 'latin1');
      return file.subarray(start, file.indexOf('PK', start));
    }),
  spoil: spoilPickle,
  read(input) {
    unpickle(input, 0, { path: 'data.pkl', fileOffset: 0 });
  },
};

const pytorch: FuzzedReader = {
  name: 'pytorch',
  seeds: () =>
    ['linear', 'variety', 'variety-legacy', 'protocol-3', 'variety-protocol-4', 'compressed', 'harmful-legacy'].map(
      (name) => fixture(`tests/fixtures/pytorch/${name}.bin`),
    ),
  spoil: (input, random) =>
    input[0] === 0x50 && random.oneIn(2) ? spoilZip(input, random) : spoilPickle(input, random),
  async read(input, folder) {
    const path = join(folder, 'pytorch_model.bin');
    writeFileSync(path, input);
    await readPytorchWeights(path);
  },
};

const index: FuzzedReader = {
  name: 'weights-index',
  seeds: () => [fixture('tests/fixtures/pytorch/sharded/pytorch_model.bin.index.json')],
  words: ['../../etc/passwd', '/etc/passwd', '.', '..', 'pytorch_model-00001-of-00002.bin', '\\u0000'],
  spoil: (input, random) => Buffer.from(spoilJson(input.toString(), random)),
  async read(input, folder) {
    for (const name of ['pytorch_model-00001-of-00002.bin', 'pytorch_model-00002-of-00002.bin']) {
      const copy = join(folder, name);
      if (existsSync(copy)) continue;
      copyFileSync(fileURLToPath(new URL(`../../fixtures/pytorch/sharded/${name}`, import.meta.url)), copy);
    }
    writeFileSync(join(folder, 'pytorch_model.bin.index.json'), input);
    await readWeights(folder);
  },
};

const config: FuzzedReader = {
  name: 'config',
  seeds: () => [fixture('experiments/models/demo-en-fr/config.json'), fixture('tests/fixtures/model/tied/config.json')],
  words: ['1152921504606846976', 'null', '"model_type"', '{', '['],
  spoil: (input, random) => Buffer.from(spoilJson(input.toString(), random)),
  async read(input, folder) {
    writeFileSync(join(folder, 'config.json'), input);
    parameterShapes(parseMarianConfig(await readModelConfig(folder)));
  },
};

const GENERATION = `{"num_beams":4,"max_length":512,"bad_words_ids":[[99]],"eos_token_id":0,"forced_eos_token_id":0,"pad_token_id":99,
"decoder_start_token_id":99,"early_stopping":false,"length_penalty":1.0,"do_sample":false,"suppress_tokens":null}`;

const NO_OVERRIDES = {
  num_beams: null,
  max_length: null,
  length_penalty: null,
  early_stopping: null,
  compatibility: 'transformers-4',
} as const;
const LIMITS = { padTokenId: 99, eosTokenId: 0, decoderStartTokenId: 99, vocabSize: 100, maxPositions: 512 };

const generation: FuzzedReader = {
  name: 'generation-config',
  seeds: () => [fixture('experiments/models/demo-en-fr/generation_config.json'), Buffer.from(GENERATION)],
  words: ['"do_sample":', '"stop_strings":', '[[', '-1', '1e999', 'null', '"never"'],
  spoil: (input, random) => Buffer.from(spoilJson(input.toString(), random)),
  async read(input, folder) {
    writeFileSync(join(folder, 'generation_config.json'), input);
    resolveGenerationSettings(await readGenerationConfig(folder), NO_OVERRIDES, LIMITS);
  },
};

export const modelReaders: readonly FuzzedReader[] = [safetensors, pickle, pytorch, index, config, generation];
