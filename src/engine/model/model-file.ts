/** Reads single files of a model directory, with errors that say which file of which model is at fault. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { ModelError } from '../../errors.ts';
import { jsonExcerpt } from '../files/json-excerpt.ts';
import { readSmallFile, UnfitFileError } from '../files/read-small-file.ts';
import { errorCode, errorText } from '../files/system-error.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

const FETCH_AGAIN = 'Fetch the file again from where the model came from.';

/** Of the files beside the weights. The largest, vocabularies, have a few megabytes. */
const MAX_FILE_BYTES = 1 << 25;

/** Gives the bytes of a file. @throws {ModelError} when it cannot be read */
export async function readModelFile(filePath: string): Promise<Buffer> {
  try {
    return await readSmallFile(filePath, MAX_FILE_BYTES);
  } catch (cause) {
    throw await unreadableFile(filePath, cause);
  }
}

/** Gives the object in a JSON file. @throws {ModelError} when it cannot be read or holds something else */
export async function readModelJson(filePath: string): Promise<JsonObject> {
  return parseJsonObject(await readModelFile(filePath), filePath);
}

/** As `readModelFile`, or null when there is no such file. */
export async function readOptionalModelFile(filePath: string): Promise<Buffer | null> {
  try {
    return await readSmallFile(filePath, MAX_FILE_BYTES);
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return null;
    throw await unreadableFile(filePath, cause);
  }
}

/** As `readModelJson`, or null when there is no such file. */
export async function readOptionalModelJson(filePath: string): Promise<JsonObject | null> {
  const bytes = await readOptionalModelFile(filePath);
  return bytes === null ? null : parseJsonObject(bytes, filePath);
}

/** Gives `value` as an object. @param where names the place in the error. @throws {ModelError} */
export function requireJsonObject(value: unknown, where: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new ModelError(`${where} holds ${jsonExcerpt(value)}, expected a JSON object.`, { hint: FETCH_AGAIN });
}

/** Says why a file of a model cannot be read: no such directory, no such file in it, or the system's reason. */
export async function unreadableFile(filePath: string, cause: unknown): Promise<ModelError> {
  const code = errorCode(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR') return await missingFile(filePath, cause);
  if (cause instanceof UnfitFileError) {
    return new ModelError(`${filePath} ${cause.message}.`, { cause, hint: FETCH_AGAIN });
  }
  return new ModelError(`${filePath} cannot be read: ${errorText(cause)}.`, {
    cause,
    hint: 'Check that it is a file and that you may read it.',
  });
}

/** Says that a file, or the whole directory it should be in, is not there. */
export async function missingFile(filePath: string, cause?: unknown): Promise<ModelError> {
  const directory = path.dirname(filePath);
  const name = path.basename(filePath);
  let names: string[];
  try {
    names = await readdir(directory);
  } catch {
    return new ModelError(`There is no model directory ${directory}.`, {
      cause,
      hint: 'Check the path: a model is a directory with config.json, model.safetensors or pytorch_model.bin, and the tokenizer.',
    });
  }
  const found = names.length === 0 ? 'nothing' : names.sort().slice(0, 12).join(', ');
  return new ModelError(`The model directory ${directory} has no ${name}; it holds ${found}.`, {
    cause,
    hint: `Copy ${name} there from where the model came from.`,
  });
}

function parseJsonObject(bytes: Buffer, filePath: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new ModelError(`${filePath} (${bytes.length} bytes) is not valid JSON: ${errorText(cause)}.`, {
      cause,
      hint: FETCH_AGAIN,
    });
  }
  return requireJsonObject(value, filePath);
}
