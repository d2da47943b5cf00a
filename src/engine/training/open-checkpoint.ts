/** A checkpoint that a training goes on from: found sound, and read. */
import { dirname, join, resolve } from 'node:path';
import { ConfigError, ModelError, RunFailedError } from '../../errors.ts';
import { exists } from '../files/file-kind.ts';
import { readSmallFile } from '../files/read-small-file.ts';
import { readSafetensors } from '../model/safetensors.ts';
import type { AdamW } from './adamw.ts';
import { findNewestSoundCheckpoint } from './checkpoint.ts';
import { checksumProblem } from './checksums.ts';
import { readTrainerState, type StoredTraining } from './trainer-state.ts';

export interface OpenedCheckpoint extends StoredTraining {
  readonly path: string;
  /** What was wrong with newer ones that were passed over. */
  readonly problems: readonly string[];
}

const STATE_FILE = 'trainer_state.json';
/** A log entry takes about 150 bytes. */
const MAX_STATE_BYTES = 1 << 27;
const OPTIMIZER_FILE = 'optimizer.safetensors';

/**
 * Opens a checkpoint to go on from; in place of one that is damaged the newest sound one before it in the same folder.
 *
 * @throws {ConfigError} when it is a checkpoint of another program
 * @throws {RunFailedError} when there is no sound one
 */
export async function openCheckpoint(directory: string): Promise<OpenedCheckpoint> {
  await refuseForeign(directory);
  const problem = await checksumProblem(directory);
  if (problem === null) return { ...(await readState(directory)), path: directory, problems: [] };
  const step = Number(/checkpoint-(\d+)$/.exec(resolve(directory))?.[1] ?? 0);
  const found = await findNewestSoundCheckpoint(dirname(resolve(directory)), step);
  const problems = [`The checkpoint ${directory} is damaged: ${problem}.`, ...found.problems];
  if (found.path === null) {
    throw new RunFailedError(`${problems.join(' ')} There is no sound one before it.`, {
      hint: 'Start the run again from its beginning.',
    });
  }
  return { ...(await readState(found.path)), path: found.path, problems };
}

/** Gives the optimizer the state it had. @throws {ModelError} when it cannot be read or belongs to another model */
export async function restoreOptimizer(optimizer: AdamW, { path, state }: OpenedCheckpoint): Promise<void> {
  const { tensors } = await readSafetensors(join(path, OPTIMIZER_FILE));
  try {
    optimizer.importState({ step: state.step, tensors });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ModelError(`${join(path, OPTIMIZER_FILE)} does not fit the model: ${cause.message}`, { cause });
  }
}

/** One that transformers' Trainer wrote keeps its optimizer in a pickle, and no account of its order or masks. */
async function refuseForeign(directory: string): Promise<void> {
  if (!exists(join(directory, 'optimizer.pt')) || exists(join(directory, OPTIMIZER_FILE))) return;
  throw new ConfigError(
    `The training cannot go on from ${directory}: transformers' Trainer wrote it, with an optimizer.pt that bleubird does not read.`,
    [],
    { hint: `Fine-tune from its weights instead, with "model: ${directory}".` },
  );
}

async function readState(directory: string): Promise<StoredTraining> {
  const path = join(directory, STATE_FILE);
  let json: unknown;
  try {
    json = JSON.parse((await readSmallFile(path, MAX_STATE_BYTES)).toString('utf8'));
  } catch (cause) {
    throw new RunFailedError(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  const state = readTrainerState(json);
  if (state !== null) return state;
  throw new ConfigError(
    `The training cannot go on from ${directory}: its ${STATE_FILE} has no state of this version of bleubird.`,
    [],
    { hint: `Fine-tune from its weights instead, with "model: ${directory}".` },
  );
}
