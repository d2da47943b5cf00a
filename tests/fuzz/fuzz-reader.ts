/**
 * Feeds one reader inputs for a while, in a process of its own: `node fuzz-reader.ts READER SEED SECONDS FOLDER`. The input that is
 * being read lies in FOLDER/current, so that whoever watches this process has it when the process hangs or dies.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../src/errors.ts';
import { CoverageMeter } from './coverage-meter.ts';
import { Random } from './random.ts';
import type { FuzzedReader } from './reader.ts';
import { allReaders } from './readers/all-readers.ts';
import { spoilBytes } from './spoil-bytes.ts';

/** What is told of an input that was taken badly; the bytes in base64. */
export interface Finding {
  readonly reader: string;
  readonly seed: number;
  readonly number: number;
  readonly kind: 'error' | 'slow' | 'memory' | 'hang' | 'crash';
  readonly detail: string;
  readonly input: string;
}

export type FuzzMessage =
  | { readonly type: 'finding'; readonly finding: Finding }
  | { readonly type: 'done'; readonly inputs: number; readonly kept: number };

export const MAX_SECONDS = 2;
export const HEAP_MEGABYTES = 1024;
const MAX_GROWTH_BYTES = 64 * 2 ** 20;
const GROWTH_PER_BYTE = 20;
/** Inputs between two looks at the coverage. */
const MIN_BATCH = 64;
const MAX_BATCH = 2048;
const LOOKING_SHARE = 0.3;
const MAX_KEPT = 400;
const MAX_KEPT_BYTES = 1 << 16;
const WARM_UP = 20;

/** Where in FOLDER/current the bytes begin: their count and the input's number come before. */
export const CURRENT_HEADER_BYTES = 8;

export async function fuzzReader(
  reader: FuzzedReader,
  seed: number,
  endsAt: number,
  maxInputs: number,
  folder: string,
  tell: (message: FuzzMessage) => void,
): Promise<void> {
  const random = new Random(seed);
  const coverage = new CoverageMeter('/src/');
  const pool = [...reader.seeds()];
  const current = openSync(join(folder, 'current'), 'w');
  const files = join(folder, 'files');
  mkdirSync(files, { recursive: true });
  let number = 0;
  const read = async (input: Buffer): Promise<void> => {
    const header = Buffer.alloc(CURRENT_HEADER_BYTES);
    header.writeUInt32LE(input.length, 0);
    header.writeUInt32LE(++number, 4);
    writeSync(current, Buffer.concat([header, input]), 0, null, 0);
    const found = await problemOf(reader, input, files, number > WARM_UP);
    if (found !== null)
      tell({
        type: 'finding',
        finding: { reader: reader.name, seed, number, ...found, input: input.toString('base64') },
      });
  };
  for (const input of pool) await read(input);
  coverage.hasNew();
  let lookingMs = 0;
  const hasNew = (options?: { isPeek: boolean }): boolean => {
    const start = performance.now();
    const found = coverage.hasNew(options);
    lookingMs += performance.now() - start;
    return found;
  };
  /** Finds the inputs of a batch that reach something new, by halves: looking at the coverage costs as much as many inputs. */
  const keepNew = async (batch: readonly Buffer[]): Promise<void> => {
    for (const input of batch) await read(input);
    const [only] = batch;
    if (batch.length > 1) {
      if (!hasNew({ isPeek: true })) return;
      const half = Math.floor(batch.length / 2);
      await keepNew(batch.slice(0, half));
      await keepNew(batch.slice(half));
    } else if (only !== undefined && hasNew() && only.length <= MAX_KEPT_BYTES) pool.push(only);
  };
  let batchSize = MIN_BATCH;
  const startedAt = performance.now();
  while (Date.now() < endsAt && number < maxInputs) {
    const size = Math.min(batchSize, maxInputs - number);
    const poolSize = pool.length;
    const batch = Array.from({ length: size }, () => mutated(reader, pool, random));
    // Most of the time is for reading: a look takes longer the more of the program is loaded.
    const hasTimeToLook = lookingMs <= LOOKING_SHARE * (performance.now() - startedAt);
    if (poolSize < MAX_KEPT && hasTimeToLook) await keepNew(batch);
    else for (const input of batch) await read(input);
    // Where nothing new comes any more, it is looked for less often.
    batchSize = pool.length > poolSize ? MIN_BATCH : Math.min(MAX_BATCH, batchSize * 2);
  }
  closeSync(current);
  tell({ type: 'done', inputs: number, kept: pool.length });
}

/** Gives an input made of one of the pool by one to three mutations. */
export function mutated(reader: FuzzedReader, pool: readonly Buffer[], random: Random): Buffer {
  // The newest inputs reach what others have not.
  const at = random.oneIn(3) ? pool.length - 1 - random.below(Math.min(8, pool.length)) : random.below(pool.length);
  let input = pool[at] ?? Buffer.alloc(0);
  for (let count = 1 + random.below(3); count > 0; count--) {
    input =
      reader.spoil !== undefined && !random.oneIn(3)
        ? reader.spoil(input, random)
        : spoilBytes(input, random, pool, reader.words ?? []);
  }
  return input;
}

/** Reads an input and says what is wrong with how that went. */
export async function problemOf(
  reader: FuzzedReader,
  input: Buffer,
  folder: string,
  measures = true,
): Promise<Pick<Finding, 'kind' | 'detail'> | null> {
  const peakBefore = peakBytes();
  const start = process.cpuUsage();
  try {
    await reader.read(input, folder);
  } catch (error) {
    if (!(error instanceof AppError))
      return { kind: 'error', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    if (error.message === '') return { kind: 'error', detail: 'an error without a message' };
  }
  if (!measures) return null;
  const { user, system } = process.cpuUsage(start);
  const seconds = (user + system) / 1e6;
  if (seconds > MAX_SECONDS) return { kind: 'slow', detail: `${seconds.toFixed(1)} s for ${input.length} bytes` };
  const growth = peakBytes() - peakBefore;
  if (growth > MAX_GROWTH_BYTES + GROWTH_PER_BYTE * input.length) {
    return { kind: 'memory', detail: `${Math.round(growth / 2 ** 20)} MB more for ${input.length} bytes` };
  }
  return null;
}

function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

if (process.send !== undefined && process.argv[1]?.endsWith('fuzz-reader.ts')) {
  const [, , name, seed, seconds, maxInputs, folder = ''] = process.argv;
  const reader = allReaders.find((candidate) => candidate.name === name);
  if (reader === undefined) throw new RangeError(`There is no reader ${name}.`);
  process.on('unhandledRejection', (error) => {
    throw error;
  });
  const told: Promise<void>[] = [];
  const tell = (message: FuzzMessage): void => {
    told.push(new Promise((resolve) => process.send?.(message, () => resolve())));
  };
  await fuzzReader(reader, Number(seed), Date.now() + Number(seconds) * 1000, Number(maxInputs), folder, tell);
  await Promise.all(told);
  process.disconnect();
}
