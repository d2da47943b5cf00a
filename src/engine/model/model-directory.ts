/** A model in Hugging Face's layout: config.json, generation_config.json, weights, tokenizer files. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ModelError } from '../../errors.ts';
import { exists } from '../files/file-kind.ts';
import { jsonExcerpt } from '../files/json-excerpt.ts';
import { openFile } from '../files/open-file.ts';
import { errorText } from '../files/system-error.ts';
import { writeWhole } from '../files/write-whole.ts';
import {
  type JsonObject,
  missingFile,
  readModelFile,
  readModelJson,
  readOptionalModelFile,
  readOptionalModelJson,
  requireJsonObject,
  unreadableFile,
} from './model-file.ts';
import { readPytorchWeights } from './pytorch/read-pytorch-weights.ts';
import { readSafetensors, type WeightTensor, writeSafetensors } from './safetensors.ts';

/** config.json as it is, unknown keys included. */
export type ModelConfigFile = JsonObject;

const CONFIG = 'config.json';
const GENERATION_CONFIG = 'generation_config.json';
const WEIGHTS = 'model.safetensors';
/** The forms weights come in, the first that is there counts: one file, or an index of several. */
const WEIGHT_FORMS = [
  {
    single: WEIGHTS,
    index: 'model.safetensors.index.json',
    read: async (filePath: string) => (await readSafetensors(filePath)).tensors,
  },
  { single: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json', read: readPytorchWeights },
] as const;
/** Weights of TensorFlow and Flax, which are not read. */
const FOREIGN_WEIGHTS = ['tf_model.h5', 'flax_model.msgpack'];
/** Taken over unchanged when a model is saved, as far as they are there. */
const COPIED_FILES = [
  GENERATION_CONFIG,
  'source.spm',
  'target.spm',
  'vocab.json',
  'target_vocab.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
];

/** @throws {ModelError} when config.json is missing or malformed */
export async function readModelConfig(directory: string): Promise<ModelConfigFile> {
  return await readModelJson(path.join(directory, CONFIG));
}

/**
 * Gives how the model wants to generate: generation_config.json, or for models older than that file, config.json.
 *
 * @throws {ModelError} when the file is missing or malformed
 */
export async function readGenerationConfig(directory: string): Promise<Record<string, unknown>> {
  const file = await readOptionalModelJson(path.join(directory, GENERATION_CONFIG));
  return { ...(file ?? (await readModelConfig(directory))) };
}

/**
 * Gives all weights as float32: of model.safetensors or the files model.safetensors.index.json lists, else of
 * pytorch_model.bin or the files pytorch_model.bin.index.json lists.
 *
 * @throws {ModelError} when there are none, or a file is missing or damaged
 */
export async function readWeights(directory: string): Promise<Map<string, WeightTensor>> {
  for (const { single, index, read } of WEIGHT_FORMS) {
    const filePath = path.join(directory, single);
    if (exists(filePath)) {
      await assertNoPointer(filePath);
      return await read(filePath);
    }
    const indexPath = path.join(directory, index);
    const entries = await readOptionalModelJson(indexPath);
    if (entries !== null) return await readShards(directory, indexPath, entries, read);
  }
  const others = FOREIGN_WEIGHTS.filter((name) => exists(path.join(directory, name)));
  if (others.length === 0) throw await missingFile(path.join(directory, WEIGHTS));
  throw new ModelError(
    `The model directory ${directory} has weights of another framework only: ${others.join(', ')}.`,
    {
      hint: `Expected ${WEIGHTS} or pytorch_model.bin: fetch one of them from where the model came from.`,
    },
  );
}

/** A clone without Git LFS has small texts in the place of large files. */
async function assertNoPointer(filePath: string): Promise<void> {
  const file = await openFile(filePath).catch(async (cause: unknown) => {
    throw await unreadableFile(filePath, cause);
  });
  const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0).finally(() => file.close());
  if (!buffer.toString('latin1', 0, bytesRead).startsWith('version https://git-lfs')) return;
  throw new ModelError(`${filePath} is a pointer of Git LFS, not the weights themselves.`, {
    hint: 'Run "git lfs pull" in the clone, or fetch the model with "bleubird fetch".',
  });
}

/** What lies beside the weights and is taken over when the model is saved, by name; config.json among it. */
export type ModelFiles = ReadonlyMap<string, Buffer>;

/**
 * Gives the files of a model but its weights, a few megabytes: whoever holds them can save the model whatever becomes of its
 * directory meanwhile.
 *
 * @throws {ModelError} when there is no config.json, or a file cannot be read
 */
export async function readModelFiles(directory: string): Promise<ModelFiles> {
  const files = new Map([[CONFIG, await readModelFile(path.join(directory, CONFIG))]]);
  for (const name of COPIED_FILES) {
    const bytes = await readOptionalModelFile(path.join(directory, name));
    if (bytes !== null) files.set(name, bytes);
  }
  return files;
}

/**
 * Writes a model directory that transformers loads with `from_pretrained`: the weights as float32, and beside them
 * `files`, unchanged but for the number type config.json names. Each file is on the disk when this resolves; the
 * weights come last.
 *
 * @param destination made when absent; files there are replaced one by one
 * @throws {ModelError} when a file cannot be written
 */
export async function saveModelDirectory({
  weights,
  files,
  destination,
}: {
  readonly weights: ReadonlyMap<string, WeightTensor>;
  readonly files: ModelFiles;
  readonly destination: string;
}): Promise<void> {
  try {
    await mkdir(destination, { recursive: true });
  } catch (cause) {
    throw new ModelError(`The directory ${destination} cannot be made: ${errorText(cause)}.`, {
      cause,
      hint: 'Check the path, and that its parent is writable.',
    });
  }
  for (const [name, bytes] of files) {
    const written = name === CONFIG ? Buffer.from(namingFloat32(bytes.toString('utf8'))) : bytes;
    await writeFile(path.join(destination, name), written);
  }
  await writeSafetensors(path.join(destination, WEIGHTS), weights);
}

/**
 * Gives config.json with float32 as its number type, all else as written: parsing and printing it anew would turn
 * 0.0 into 0, which Python tells apart. The key is torch_dtype up to transformers 4, dtype from 5 on.
 */
function namingFloat32(config: string): string {
  const entry = /("(?:torch_)?dtype"\s*:\s*)(?:"[^"]*"|null)/g;
  return entry.test(config)
    ? config.replace(entry, '$1"float32"')
    : config.replace(/\{(\s*)(?=")/, '{$1"torch_dtype": "float32",$1');
}

async function writeFile(destination: string, bytes: Uint8Array): Promise<void> {
  await writeWhole(destination, async (write) => write(bytes));
}

async function readShards(
  directory: string,
  indexPath: string,
  index: JsonObject,
  read: (filePath: string) => Promise<Map<string, WeightTensor>>,
): Promise<Map<string, WeightTensor>> {
  const fileOf = Object.entries(requireJsonObject(index.weight_map, `${indexPath}: weight_map`));
  const shards = new Map<string, Map<string, WeightTensor>>();
  const weights = new Map<string, WeightTensor>();
  for (const [name, fileName] of fileOf) {
    if (typeof fileName !== 'string' || path.basename(fileName) !== fileName) {
      throw new ModelError(`${indexPath}: ${name} is said to lie in ${jsonExcerpt(fileName)}, expected a file name.`, {
        hint: 'Use the index published with the model.',
      });
    }
    const shard = shards.get(fileName) ?? (await read(path.join(directory, fileName)));
    shards.set(fileName, shard);
    const weight = shard.get(name);
    if (weight === undefined) {
      throw new ModelError(
        `${path.join(directory, fileName)} has no ${name}, which ${path.basename(indexPath)} says it holds.`,
        { hint: 'Fetch the index and all its files again, from one and the same version of the model.' },
      );
    }
    weights.set(name, weight);
  }
  return weights;
}
