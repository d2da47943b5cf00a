/** The JSON header of a safetensors file, checked against the file before anything is read by it. */
import { ModelError } from '../../errors.ts';
import { jsonExcerpt } from '../files/json-excerpt.ts';
import { errorText } from '../files/system-error.ts';
import { FLOAT_SIZES, type FloatFormat } from './float-formats.ts';
import { type JsonObject, requireJsonObject } from './model-file.ts';

/** Where one tensor lies, in bytes from the end of the header. */
export interface TensorEntry {
  readonly name: string;
  readonly format: FloatFormat;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of the header. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

const HINT = 'The file is cut off or damaged; fetch it again from where the model came from.';

/**
 * Gives what a header says, once it is sure that the tensors fill the data exactly, each the size of its shape.
 *
 * @param dataSize bytes of the file after the header
 * @param path     names the file in errors
 * @throws {ModelError}
 */
export function parseSafetensorsHeader(header: Buffer, dataSize: number, path: string): SafetensorsHeader {
  let parsed: unknown;
  try {
    parsed = JSON.parse(header.toString('utf8'));
  } catch (cause) {
    throw new ModelError(`The header of ${path} is not valid JSON: ${errorText(cause)}.`, { cause, hint: HINT });
  }
  const { __metadata__: metadata = {}, ...tensors } = requireJsonObject(parsed, `The header of ${path}`);
  const entries = Object.entries(tensors).map(([name, value]) => parseEntry(name, value, path));
  assertFills(entries, dataSize, path);
  return { entries, metadata: parseMetadata(requireJsonObject(metadata, `The metadata of ${path}`), path) };
}

function parseMetadata(metadata: JsonObject, path: string): Record<string, string> {
  const texts: [string, string][] = Object.entries(metadata).map(([key, value]) => {
    if (typeof value === 'string') return [key, value];
    throw new ModelError(`The metadata of ${path} has ${shortName(key)}: ${jsonExcerpt(value)}, expected a text.`, {
      hint: HINT,
    });
  });
  return Object.fromEntries(texts);
}

function parseEntry(name: string, value: unknown, path: string): TensorEntry {
  const where = `${path}: ${shortName(name)}`;
  const { dtype, shape, data_offsets: offsets } = requireJsonObject(value, where);
  if (typeof dtype !== 'string' || !isFloatFormat(dtype)) {
    throw new ModelError(
      `${where} has numbers of type ${jsonExcerpt(dtype)}; bleubird reads ${Object.keys(FLOAT_SIZES).join(', ')}.`,
      { hint: 'Save the model in float32, float16 or bfloat16, for instance with transformers: model.float().' },
    );
  }
  if (!isListOfCounts(shape)) {
    throw new ModelError(`${where} has the shape ${jsonExcerpt(shape)}, expected a list of whole numbers.`, {
      hint: HINT,
    });
  }
  const [start, end] = isListOfCounts(offsets) && offsets.length === 2 ? offsets : [];
  if (start === undefined || end === undefined || start > end) {
    throw new ModelError(
      `${where} has the data_offsets ${jsonExcerpt(offsets)}, expected [start, end] in whole numbers.`,
      { hint: HINT },
    );
  }
  const size = shape.reduce((product, length) => product * length, FLOAT_SIZES[dtype]);
  if (end - start !== size) {
    throw new ModelError(
      `${where} takes ${end - start} bytes, but its shape ${jsonExcerpt(shape)} of ${dtype} needs ${size}.`,
      { hint: HINT },
    );
  }
  return { name, format: dtype, shape, start, end };
}

/** Tensors lie one after the other, without gap or overlap, to the end of the file (safetensors' own rule). */
function assertFills(entries: readonly TensorEntry[], dataSize: number, path: string): void {
  let filled = 0;
  let previous = 'the header';
  for (const { name, start, end } of entries.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (end > dataSize) {
      throw new ModelError(
        `${path} is cut off: ${shortName(name)} needs the data up to byte ${end}, of which the file has ${dataSize}.`,
        { hint: HINT },
      );
    }
    if (start !== filled) {
      const fault = start < filled ? 'overlaps' : 'leaves a gap after';
      throw new ModelError(
        `${path}: ${shortName(name)} starts at byte ${start} and ${fault} ${shortName(previous)}, which ends at ${filled}.`,
        {
          hint: HINT,
        },
      );
    }
    filled = end;
    previous = name;
  }
  if (filled !== dataSize) {
    throw new ModelError(`${path} has ${dataSize} bytes of data, but its tensors end at byte ${filled}.`, {
      hint: HINT,
    });
  }
}

/** As much of a name as an error can show. */
function shortName(name: string): string {
  return name.length > 200 ? `${name.slice(0, 200)}…` : name;
}

function isFloatFormat(dtype: string): dtype is FloatFormat {
  return Object.hasOwn(FLOAT_SIZES, dtype);
}

function isListOfCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}
